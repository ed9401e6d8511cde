package sys

import (
	"errors"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// CreateNew makes a file that nobody else has under this name, for this user alone whatever the umask says, and
// opens it. EEXIST: something has the name.
func CreateNew(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// OpenThere opens a file that is there. It follows no symbolic link and waits for nothing, whatever it is.
func OpenThere(path string, write bool) (*os.File, error) {
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	return os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

// OwnerOf returns the user to whom an open file belongs.
func OwnerOf(f *os.File) (uid uint32, err error) {
	var st unix.Stat_t
	err = control(f, "fstat", func(fd int) error { return unix.Fstat(fd, &st) })
	return st.Uid, err
}

// reserveStep is how many bytes Reserve asks for at once. What was interrupted starts again, and should not have to
// from nothing.
const reserveStep = 16 << 20

// reserveFault is what Reserve says in tests, in place of the system.
var reserveFault atomic.Pointer[error]

// FailReserve makes every Reserve of this process fail with err, until it is called with nil. It is for tests: what
// the file systems at hand can all do, some cannot.
func FailReserve(err error) {
	if err == nil {
		reserveFault.Store(nil)
		return
	}
	reserveFault.Store(&err)
}

// Reserve gives a file that is empty size bytes that exist and read as zero: writing to them cannot fail for want
// of space.
func Reserve(f *os.File, size int64) error {
	if fault := reserveFault.Load(); fault != nil {
		return os.NewSyscallError("fallocate", *fault)
	}
	for from := int64(0); from < size; from += reserveStep {
		err := control(f, "fallocate", func(fd int) error {
			return unix.Fallocate(fd, 0, from, min(reserveStep, size-from))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Map maps the first size bytes of a file, shared with others. The mapping outlives the descriptor.
func Map(f *os.File, size int) (mem []byte, err error) {
	err = control(f, "mmap", func(fd int) (err error) {
		mem, err = unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		return err
	})
	return mem, err
}

// Unmap ends what Map began. Nothing may touch the memory any more.
func Unmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// Alive reports whether there is a process with a pid, which must be positive. One that belongs to somebody else
// is there.
func Alive(pid int) bool {
	err := unix.Kill(pid, 0)
	return err == nil || errors.Is(err, unix.EPERM)
}

// control makes a system call on a file's descriptor, again if a signal came between.
func control(f *os.File, call string, try func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for failed = try(int(fd)); failed == unix.EINTR; failed = try(int(fd)) {
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError(call, failed)
}
