package shm

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// Region is a mapped region, of a server that has created it or of a client that has attached.
type Region struct {
	path string
	head Header // a copy from before the peer could write, or judged; never read again from memory
	mem  []byte
	uid  uint32      // who owns the file
	own  os.FileInfo // of the file, where this process has created it; else nil
	file *os.File    // holds the server's lock; nil for a client
	once sync.Once
	err  error // of Close
}

// Memory returns the whole mapping, header and areas. The peer may change any byte at any time, and who shortens
// the file makes an access fault. It is valid until Close; nothing may touch it after that.
func (r *Region) Memory() []byte { return r.mem }

// Geometry says where the areas are. It was judged against the size of the mapping, and never changes.
func (r *Region) Geometry() Geometry { return r.head.Geometry }

// Owner returns the server's pid and generation, as the header said once.
func (r *Region) Owner() (pid int32, generation uint32) {
	return r.head.OwnerPID, r.head.OwnerGeneration
}

// UID returns the user to whom the file belonged when it was opened.
func (r *Region) UID() uint32 { return r.uid }

// Path returns where the file is, or was.
func (r *Region) Path() string { return r.path }

// Remove removes the file if it is still the one that this process has created; the mapping goes on. Of a client's
// Region, and again, it does nothing. It may be called before Close and after.
func (r *Region) Remove() error {
	if r.own == nil {
		return nil
	}
	return removeSame(r.path, r.own)
}

// removeSame removes a file, if it is still the one that was looked at.
func removeSame(path string, was os.FileInfo) error {
	there, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !os.SameFile(there, was):
		return nil
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close unmaps the memory and gives the lock back. The file stays: see Remove. Whoever calls it sees to it that
// nobody uses the memory any more. Calls after the first do nothing and return the same.
func (r *Region) Close() error {
	r.once.Do(func() {
		mem := r.mem
		r.mem = nil
		r.err = sys.Unmap(mem)
		if r.file != nil {
			r.err = errors.Join(r.err, r.file.Close())
		}
	})
	return r.err
}
