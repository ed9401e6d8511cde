//go:build linux || freebsd

package sys

import (
	"os"

	"golang.org/x/sys/unix"
)

// OpenLock opens a lock file, and with create makes it if there is none. It follows no symbolic link and
// waits for nothing, whatever stands there.
func OpenLock(path string, create bool) (*os.File, error) {
	flags := os.O_RDWR | unix.O_NOFOLLOW | unix.O_NONBLOCK
	if create {
		flags |= os.O_CREATE
	}
	return os.OpenFile(path, flags, 0o600)
}

// Lock takes the lock of an open file, alone or shared with others. It lasts until the file is closed, by
// this process or by its death. EWOULDBLOCK: somebody else has it.
func Lock(f *os.File, shared bool) error {
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = raw.Control(func(fd uintptr) {
		for {
			if locked = unix.Flock(int(fd), how|unix.LOCK_NB); locked != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("flock", locked)
}

// moveByLink is RenameNoReplace in two steps. Between them the file has both names.
func moveByLink(from, to string) error {
	if err := unix.Link(from, to); err != nil {
		return os.NewSyscallError("link", err)
	}
	return os.NewSyscallError("unlink", unix.Unlink(from))
}
