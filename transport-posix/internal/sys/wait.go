//go:build linux || freebsd

package sys

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Yield lets another thread run on this processor, another process's too. The Go scheduler is not told.
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// Blocking makes RecvWait wait, at most for d, which the kernel rounds up to its clock ticks. Recv and Send do not
// wait in either mode; whoever else uses the descriptor has to know.
func Blocking(fd int, d time.Duration) error {
	tv := unix.NsecToTimeval(d.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return os.NewSyscallError("setsockopt SO_RCVTIMEO", err)
	}
	return os.NewSyscallError("fcntl F_SETFL", unix.SetNonblock(fd, false))
}

// NonBlocking ends what Blocking began.
func NonBlocking(fd int) error {
	return os.NewSyscallError("fcntl F_SETFL", unix.SetNonblock(fd, true))
}

// RecvWait is Recv that waits for a packet, if the descriptor is in that mode. EAGAIN: none came in time. EINTR: a
// signal came, such as the one with which Go's scheduler asks a thread to stop. Unless it is told, which takes time,
// Go's scheduler does not know that the thread waits, and another goroutine cannot have its processor.
func (in *Inbox) RecvWait(fd uintptr, first, rest []byte, tell bool) (n int, errno syscall.Errno) {
	return in.recv(fd, first, rest, recvFlags, tell)
}
