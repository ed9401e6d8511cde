//go:build linux || freebsd

package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Inbox is the argument block of Recv, kept between calls so that none allocates. It must not be copied once
// used, and has one user at a time.
type Inbox struct {
	hdr unix.Msghdr
	iov [2]unix.Iovec
}

// Recv receives one packet into first and, where that is full, into rest; what fits in neither is lost. It does not
// wait. n is the packet's true size or, where the system does not tell, one byte more than there was room for. 0 is
// either the end or an empty packet: HungUp tells. Descriptors that a peer sends along are thrown away by the
// kernel, because nothing here has room for them.
func (in *Inbox) Recv(fd uintptr, first, rest []byte) (n int, errno syscall.Errno) {
	for {
		n, errno = in.recv(fd, first, rest, recvFlags|unix.MSG_DONTWAIT, false)
		if errno != unix.EINTR {
			return n, errno
		}
	}
}

// recv makes the system call. Unless it is to, it does not tell Go's scheduler: what does not wait takes less time
// than that. The calls are written out, because only so the compiler keeps the memory where it is.
func (in *Inbox) recv(fd uintptr, first, rest []byte, flags uintptr, tell bool) (n int, errno syscall.Errno) {
	var got uintptr
	if recvTells && (len(first) == 0) != (len(rest) == 0) {
		b := first
		if len(b) == 0 {
			b = rest
		}
		if tell {
			got, _, errno = unix.Syscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), flags, 0, 0)
		} else {
			got, _, errno = unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), flags, 0, 0)
		}
		if errno != 0 {
			return 0, errno
		}
		return int(got), 0
	}
	parts := 0
	for _, b := range [2][]byte{first, rest} {
		if len(b) > 0 {
			in.iov[parts].Base = &b[0]
			in.iov[parts].SetLen(len(b))
			parts++
		}
	}
	in.hdr = unix.Msghdr{Iov: &in.iov[0]}
	in.hdr.SetIovlen(parts)
	if tell {
		got, _, errno = unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&in.hdr)), flags)
	} else {
		got, _, errno = unix.RawSyscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&in.hdr)), flags)
	}
	in.iov[0].Base, in.iov[1].Base = nil, nil
	if errno != 0 {
		return 0, errno
	}
	n = int(got)
	if room := len(first) + len(rest); in.hdr.Flags&unix.MSG_TRUNC != 0 && n <= room {
		n = room + 1
	}
	return n, 0
}

// Send sends one packet, whole or not at all. It raises no SIGPIPE, and does not wait.
func Send(fd uintptr, b []byte) syscall.Errno {
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), sendFlags|unix.MSG_DONTWAIT, 0, 0)
		if errno != unix.EINTR {
			return errno
		}
	}
}

// HungUp reports whether the peer will send nothing more.
func HungUp(fd uintptr) bool {
	p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | pollHungUp}}
	n, err := unix.Poll(p[:], 0)
	for err == unix.EINTR {
		n, err = unix.Poll(p[:], 0)
	}
	return n > 0 && p[0].Revents&(pollHungUp|unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}
