package hostcgroups

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Label is one thing that is known about a cgroup beside its name. See the package comment for the keys.
type Label struct{ Key, Value string }

// The keys. What a user has said of a container has labelOfUser before its own key, so that nobody can say by such
// a label what only the host can know.
const (
	labelUnit          = "unit"
	labelSlice         = "slice"
	labelUserUnit      = "user_unit"
	labelContainerID   = "container_id"
	labelContainerName = "container_name"
	labelMachineName   = "machine_name"
	labelImage         = "image"
	labelNamespace     = "k8s_namespace"
	labelPod           = "k8s_pod_name"
	labelPodUID        = "k8s_pod_uid"
	labelQoS           = "k8s_qos_class"
	labelContainer     = "k8s_container_name"
	labelOfUser        = "label."
)

const (
	maxUserLabels = 32
	maxLabelKey   = 128
	maxLabelValue = 255
)

// addLabel appends a label, unless there is nothing to say, or what there is could harm a terminal.
func addLabel(to []Label, key, value string) []Label {
	if value == "" || len(value) > maxLabelValue || !isText(value) {
		return to
	}
	return append(to, Label{key, value})
}

// userLabels appends what a user has said of a container, in the order of the keys.
func userLabels(to []Label, said map[string]string) []Label {
	keys := make([]string, 0, len(said))
	for k := range said {
		if k != "" && len(k) <= maxLabelKey && isText(k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys[:min(len(keys), maxUserLabels)] {
		to = addLabel(to, labelOfUser+k, said[k])
	}
	return to
}

// isText reports whether s is UTF-8, and printable.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
