package hostcgroups

import (
	"path"
	"strings"
)

// Limits of Linux, in bytes: of a path with its NUL, and of one of its parts.
const (
	maxPath = 4096
	maxName = 255
)

// dir is Mountpoint as a prefix of paths.
func (h Hierarchy) dir() string { return strings.TrimSuffix(h.Mountpoint, "/") }

// Path returns the path in the hierarchy of a directory below its mount point.
func (h Hierarchy) Path(full string) (string, bool) {
	below, ok := strings.CutPrefix(full, h.dir())
	if !ok || h.Version == 0 || h.dir() == "" || !strings.HasPrefix(below, "/") {
		return "", false
	}
	return h.path(below), true
}

// IsPath reports whether a path can be that of a cgroup below the root: absolute, in its shortest form, and no
// longer than the system lets a path be.
func IsPath(p string) bool {
	if len(p) < 2 || p[0] != '/' || len(p) >= maxPath || path.Clean(p) != p {
		return false
	}
	for part := range strings.SplitSeq(p[1:], "/") {
		if len(part) > maxName {
			return false
		}
	}
	return !strings.ContainsAny(p, "\x00\n")
}
