package sys

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	recvFlags  = 0
	recvTells  = false
	sendFlags  = unix.MSG_NOSIGNAL | unix.MSG_EOR
	pollHungUp = unix.POLLRDHUP
)

// CanBlock says whether Blocking and RecvWait may be used.
const CanBlock = false

// Credentials says who is at the other end of a connected socket. FreeBSD does not tell the pid.
func Credentials(fd int) (pid int, uid, gid uint32, err error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, 0, os.NewSyscallError("getsockopt LOCAL_PEERCRED", err)
	}
	return 0, c.Uid, c.Groups[0], nil
}

// SetMode sets the mode that the file of a socket will have when Bind makes it; the umask still takes its
// part. It works on Linux only, and elsewhere does nothing.
func SetMode(int, os.FileMode) error { return nil }

// RenameNoReplace moves a file to a name that nothing has. EEXIST: something has it.
func RenameNoReplace(from, to string) error { return moveByLink(from, to) }
