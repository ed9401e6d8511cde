package hostcgroups

import "strings"

// mountTree knows which mounts can be reached by their path: a later mount over
// the same directory, or over one above it, hides what is there.
type mountTree struct {
	mounts   []mount
	byID     map[int]int
	children map[int][]int
}

func newMountTree(mounts []mount) mountTree {
	t := mountTree{mounts: mounts, byID: map[int]int{}, children: map[int][]int{}}
	for i, m := range mounts {
		t.byID[m.id] = i
		t.children[m.parent] = append(t.children[m.parent], i)
	}
	return t
}

// visible reports whether the path of mounts[i] leads to it. The parent of a mount
// is the one whose file system holds its mount point. So a mount is hidden by a
// child at its own mount point, by a sibling above it (were that one older, it
// would be the parent), and by whatever hides its parent.
func (t mountTree) visible(i int) bool {
	from := -1                // the child we come from: it lies on top and hides nothing of itself
	for range len(t.mounts) { // a bound, in case the file holds a circle
		m := t.mounts[i]
		for _, c := range t.children[m.id] {
			if c != i && c != from && t.mounts[c].mountpoint == m.mountpoint {
				return false
			}
		}
		parent, ok := t.byID[m.parent]
		if !ok || parent == i {
			return true
		}
		for _, s := range t.children[m.parent] {
			if s != i && s != parent && isAbove(t.mounts[s].mountpoint, m.mountpoint) {
				return false
			}
		}
		from, i = i, parent
	}
	return false
}

func isAbove(dir, path string) bool {
	return len(path) > len(dir) && strings.HasPrefix(path, dir) && (path[len(dir)] == '/' || dir == "/")
}
