package sys

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const (
	recvFlags  = unix.MSG_TRUNC // the return value is the true size
	recvTells  = true           // so it is, without a message header
	sendFlags  = unix.MSG_NOSIGNAL
	pollHungUp = unix.EPOLLRDHUP // POLLRDHUP has the same value
)

// CanBlock says whether Blocking and RecvWait may be used: a signal ends a RecvWait even where system calls are
// restarted, so that Go's scheduler is not held up.
const CanBlock = true

// Credentials says who is at the other end of a connected socket.
func Credentials(fd int) (pid int, uid, gid uint32, err error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, 0, 0, os.NewSyscallError("getsockopt SO_PEERCRED", err)
	}
	return int(c.Pid), c.Uid, c.Gid, nil
}

// SetMode sets the mode that the file of a socket will have when Bind makes it; the umask still takes its
// part. It works on Linux only, and elsewhere does nothing.
func SetMode(fd int, mode os.FileMode) error {
	return os.NewSyscallError("fchmod", unix.Fchmod(fd, uint32(mode.Perm())))
}

// RenameNoReplace moves a file to a name that nothing has. EEXIST: something has it.
func RenameNoReplace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return moveByLink(from, to) // an old kernel, or a file system that cannot
	}
	return os.NewSyscallError("renameat2", err)
}
