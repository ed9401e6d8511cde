package hostcgroups

// Facts is what a lookup tells beside the name of a cgroup.
type Facts struct {
	// Labels are immutable, in an order that stays: of the path first, then what the runtime says.
	Labels []Label
	// Settled is false for as long as a runtime is expected to tell a better name: some seconds after the cgroup was
	// first seen, and only if that runtime keeps anything here that can be read.
	Settled bool
}

// HasID reports whether a path has the id of a container in it. Ids do not come twice: when such a cgroup is gone,
// it is gone for good.
func HasID(path string) bool { return classify(path).containerID != "" }
