package hostcgroups

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// walker visits the directories of one hierarchy. It holds one descriptor, of
// the root, and one more while it reads a directory, however deep the tree is.
type walker struct {
	buf   []byte   // of getdents
	stack []string // full paths still to visit, the next one last
	seen  map[string]int32
}

var walkers = sync.Pool{New: func() any {
	return &walker{buf: make([]byte, 32<<10), seen: map[string]int32{}}
}}

// walk appends a row with its paths for every cgroup below dir, which is opened
// as open. A parent comes before its children, children in the order of their bytes.
func (w *walker) walk(ctx context.Context, h Hierarchy, open string, limit int, rows []Cgroup, r *Report) ([]Cgroup, error) {
	root, err := openRoot(open)
	if err != nil {
		if isGone(err) {
			return rows, nil // unmounted since: nobody is there
		}
		return rows, fmt.Errorf("open %s: %w", open, err)
	}
	defer unix.Close(root)
	w.stack = w.stack[:0]
	defer func() { clear(w.stack[:cap(w.stack)]) }()

	st, err := stat(root, ".")
	if err != nil {
		return rows, fmt.Errorf("stat %s: %w", open, err)
	}
	if err := w.push(root, h.dir()); err != nil && !isGone(err) {
		return rows, fmt.Errorf("read %s: %w", open, err)
	}
	// A cgroup file system counts a directory's subdirectories in its link count, so
	// leaves need not be opened to be known as such. Not every file system does, so ask the root.
	counts := uint64(st.Nlink) == uint64(len(w.stack))+2 && len(w.stack) > 0
	dev := st.Dev
	first := len(rows)

	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			return rows[:first], err
		}
		full := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		below := full[len(h.dir()):]
		rel := below[1:]

		st, err := stat(root, rel)
		if skip, err := r.excuse(err); err != nil {
			return rows[:first], fmt.Errorf("stat %s: %w", full, err)
		} else if skip {
			continue
		}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Dev != dev {
			continue // a file, or another file system mounted here
		}
		if len(rows)-first >= limit {
			r.Truncated = true
			break
		}
		rows = append(rows, Cgroup{Path: h.path(below), FullPath: full})
		if counts && st.Nlink == 2 {
			continue
		}
		if err := w.enter(root, rel, full); isGone(err) {
			rows = rows[:len(rows)-1] // it was there when we looked, and is not any more
			r.Vanished++
		} else if _, err := r.excuse(err); err != nil {
			return rows[:first], fmt.Errorf("read %s: %w", full, err)
		}
	}
	return rows, nil
}

// enter pushes the children of one cgroup, or none and an error.
func (w *walker) enter(root int, rel, full string) error {
	fd, err := openDir(root, rel)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return w.push(fd, full)
}

// push puts the subdirectories of fd on the stack, the first on top.
func (w *walker) push(fd int, full string) error {
	start := len(w.stack)
	err := eachDir(fd, w.buf, func(name []byte) {
		w.stack = append(w.stack, full+"/"+string(name))
	})
	if err != nil {
		w.stack = w.stack[:start]
		return err
	}
	children := w.stack[start:]
	slices.SortFunc(children, func(a, b string) int { return strings.Compare(b, a) })
	w.stack = w.stack[:start+len(slices.Compact(children))]
	return nil
}

// excuse counts the errors that belong to a living host, and returns the others.
func (r *Report) excuse(err error) (skip bool, _ error) {
	switch {
	case err == nil:
		return false, nil
	case isGone(err):
		r.Vanished++
	case isDenied(err):
		r.Denied++
	case isTooLong(err):
		r.TooLong++
	default:
		return false, err
	}
	return true, nil
}

// openRoot follows symbolic links: a mount point may be reached through one.
func openRoot(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// hasChildren reports whether a hierarchy holds more than its root.
func (w *walker) hasChildren(open string) (bool, error) {
	root, err := openRoot(open)
	if isGone(err) {
		return false, nil
	}
	if err != nil {
		return false, &os.PathError{Op: "open", Path: open, Err: err}
	}
	defer unix.Close(root)
	w.stack = w.stack[:0]
	defer func() { w.stack = w.stack[:0] }()
	if err := w.push(root, ""); err != nil && !isGone(err) {
		return false, &os.PathError{Op: "read", Path: open, Err: err}
	}
	return len(w.stack) > 0, nil
}
