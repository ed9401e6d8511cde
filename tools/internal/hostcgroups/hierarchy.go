package hostcgroups

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// Hierarchy is a tree of cgroups and where it is mounted.
type Hierarchy struct {
	// Version is 1 or 2; 0 means no hierarchy.
	Version int
	// Name is that of a named v1 hierarchy: "systemd".
	Name string
	// Controllers are sorted. For v2, what its root can hand out.
	Controllers []string
	// Mountpoint is the directory, without Config.Root: "/sys/fs/cgroup".
	Mountpoint string
	// Root is the cgroup that Mountpoint shows. It is "/" but for a part of the
	// tree that was mounted by itself, as in a container without a cgroup namespace.
	Root string
}

// Hierarchies are all that a host has mounted.
type Hierarchies struct {
	// Identity is the one that rows come from; zero if All is empty.
	Identity Hierarchy
	// All are in the order in which they were considered.
	All []Hierarchy
}

// path is the row's Path for a directory below Mountpoint. A Root that begins
// with "/.." lies outside of this process's cgroup namespace and has no name in it.
func (h Hierarchy) path(below string) string {
	if h.Root == "/" || h.Root == "/.." || strings.HasPrefix(h.Root, "/../") {
		return below
	}
	return h.Root + below
}

// mount is one line of a mountinfo file, as far as it matters here.
type mount struct {
	id, parent       int
	root, mountpoint string
	fsType, options  string // options: of the file system ("super options")
}

// v1Controllers are all that v1 ever had; other words among the options of a mount are flags.
var v1Controllers = map[string]bool{
	"blkio": true, "cpu": true, "cpuacct": true, "cpuset": true, "debug": true, "devices": true,
	"freezer": true, "hugetlb": true, "io": true, "memory": true, "misc": true, "net_cls": true, "net_prio": true,
	"ns": true, "perf_event": true, "pids": true, "rdma": true,
}

// v1Order is how much a v1 controller's hierarchy is worth as an identity once
// systemd's own is not there.
var v1Order = []string{"memory", "pids", "cpu", "cpuacct", "blkio", "devices", "freezer", "cpuset"}

// hierarchies returns the hierarchies that can be seen among mounts, each once, in order of preference.
// Whether v2 qualifies takes more than mounts: it is last here.
func hierarchies(mounts []mount) []Hierarchy {
	tree := newMountTree(mounts)
	best := map[string]Hierarchy{}
	for i, m := range mounts {
		h, ok := m.hierarchy()
		if !ok || !tree.visible(i) {
			continue
		}
		key := h.key()
		if old, ok := best[key]; !ok || h.compareMount(old) < 0 {
			best[key] = h
		}
	}
	all := make([]Hierarchy, 0, len(best))
	for _, h := range best {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b Hierarchy) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(a.Mountpoint, b.Mountpoint))
	})
	return all
}

func (m mount) hierarchy() (Hierarchy, bool) {
	h := Hierarchy{Mountpoint: m.mountpoint, Root: m.root}
	switch m.fsType {
	case "cgroup2":
		h.Version = 2
		return h, true
	case "cgroup":
		h.Version = 1
	default:
		return Hierarchy{}, false
	}
	for o := range strings.SplitSeq(m.options, ",") {
		if name, ok := strings.CutPrefix(o, "name="); ok {
			h.Name = name
		} else if v1Controllers[o] {
			h.Controllers = append(h.Controllers, o)
		}
	}
	slices.Sort(h.Controllers)
	return h, true
}

// key is equal for two mounts of one hierarchy.
func (h Hierarchy) key() string {
	if h.Version == 2 {
		return "2"
	}
	return strings.Join(h.Controllers, ",") + "=" + h.Name
}

// compareMount puts the mount first that shows the most, then the one at the usual place.
func (h Hierarchy) compareMount(o Hierarchy) int {
	return cmp.Or(
		cmp.Compare(strings.Count(filepath.Clean(h.Root), "/"), strings.Count(filepath.Clean(o.Root), "/")),
		cmp.Compare(len(h.Root), len(o.Root)),
		-cmpBool(strings.HasPrefix(h.Mountpoint, "/sys/fs/cgroup"), strings.HasPrefix(o.Mountpoint, "/sys/fs/cgroup")),
		cmp.Compare(len(h.Mountpoint), len(o.Mountpoint)),
		strings.Compare(h.Mountpoint, o.Mountpoint),
	)
}

func (h Hierarchy) rank() int {
	if h.Version == 2 {
		return len(v1Order) + 2
	}
	if h.Name == "systemd" {
		return -1
	}
	for i, c := range v1Order {
		if slices.Contains(h.Controllers, c) {
			return i
		}
	}
	return len(v1Order) + 1
}
