package sys

import (
	"errors"
	"io"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// SocketPair returns two connected SEQPACKET sockets in blocking mode, unknown to Go's poller.
func SocketPair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "socket a"), os.NewFile(uintptr(fds[1]), "socket b"), nil
}

// NonBlocking returns a duplicate of the descriptor in non-blocking mode, which Go's poller knows. The mode is
// the socket's, so the original is non-blocking from then on.
func NonBlocking(f *os.File) (*os.File, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	dup, errno := -1, error(nil)
	if err := conn.Control(func(fd uintptr) {
		if dup, errno = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); errno == nil {
			errno = unix.SetNonblock(dup, true)
		}
	}); err != nil {
		return nil, err
	}
	if errno != nil {
		if dup >= 0 {
			unix.Close(dup)
		}
		return nil, os.NewSyscallError("fcntl", errno)
	}
	return os.NewFile(uintptr(dup), f.Name()), nil
}

// ErrAgain: a non-blocking socket has nothing to give or take now.
var ErrAgain error = unix.EAGAIN

// Read is the bare system call: Go's scheduler is not told, so the thread and its processor wait. End of file
// and a reset are both io.EOF: the peer has gone.
func Read(fd uintptr, p []byte) (int, error) { return transfer(unix.SYS_READ, "read", fd, p) }

// Write is the bare system call, like Read.
func Write(fd uintptr, p []byte) (int, error) { return transfer(unix.SYS_WRITE, "write", fd, p) }

func transfer(trap uintptr, name string, fd uintptr, p []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			if n == 0 {
				return 0, io.EOF
			}
			return int(n), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, ErrAgain
		case unix.EPIPE, unix.ECONNRESET:
			return 0, io.EOF
		}
		return 0, os.NewSyscallError(name, errno)
	}
}

// HasChildren reports whether this process has a child that nobody has waited for, dead or alive.
func HasChildren() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, syscall.WEXITED|syscall.WNOHANG|syscall.WNOWAIT, nil)
	return !errors.Is(err, unix.ECHILD)
}
