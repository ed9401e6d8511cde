//go:build linux || freebsd

package sys

import (
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Supported says whether this operating system has what the transport needs.
const Supported = true

const quiet = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC

// Socket makes a socket.
func Socket() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|quiet, 0)
	return fd, os.NewSyscallError("socket", err)
}

// Connect connects a socket. EAGAIN: somebody listens, and the queue is full.
func Connect(fd int, path string) error {
	err := callWithPath(unix.SYS_CONNECT, fd, path)
	if err == unix.EISCONN {
		err = nil // an interrupted call got through
	}
	return os.NewSyscallError("connect", err)
}

// Bind gives a socket its place in the file system.
func Bind(fd int, path string) error {
	return os.NewSyscallError("bind", callWithPath(unix.SYS_BIND, fd, path))
}

// callWithPath makes a call whose arguments are a socket and an address. The path is taken as it is: what
// other libraries read as a name in Linux's abstract space, a leading @, is a file here.
func callWithPath(trap uintptr, fd int, path string) error {
	var sa unix.RawSockaddrUnix
	if path == "" || len(path) >= len(sa.Path) || strings.IndexByte(path, 0) >= 0 {
		return unix.EINVAL
	}
	sa.Family = unix.AF_UNIX
	for i := range len(path) {
		sa.Path[i] = int8(path[i])
	}
	for {
		_, _, errno := unix.Syscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&sa)), unsafe.Sizeof(sa))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// Listen lets clients connect; backlog of them may wait.
func Listen(fd, backlog int) error { return os.NewSyscallError("listen", unix.Listen(fd, backlog)) }

// Accept takes in the next client. EAGAIN: none is waiting.
func Accept(fd int) (client int, err error) {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, quiet, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return -1, os.NewSyscallError("accept", errno)
		}
	}
}

// Shutdown ends both directions: the peer still receives what was sent to it, then the end, and nothing more
// comes from it.
func Shutdown(fd int) error {
	return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_RDWR))
}

// Close gives a descriptor back. It is for those that were not handed to an os.File.
func Close(fd int) error { return os.NewSyscallError("close", unix.Close(fd)) }

// SendBuffer returns the size of a socket's send buffer, in bytes as the kernel counts.
func SendBuffer(fd int) (int, error) {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
	return n, os.NewSyscallError("getsockopt SO_SNDBUF", err)
}

// SetSendBuffer asks for a send buffer of n bytes. The kernel may give another size.
func SetSendBuffer(fd, n int) error {
	return os.NewSyscallError("setsockopt SO_SNDBUF", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, n))
}
