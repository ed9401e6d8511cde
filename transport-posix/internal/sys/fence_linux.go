package sys

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// From linux/membarrier.h.
const (
	membarrierExpedited         = 1 << 3
	membarrierRegisterExpedited = 1 << 4
)

// FenceRegister makes FenceAll possible in this process (Linux 4.14). It may take many milliseconds, in which other
// goroutines go on.
func FenceRegister() syscall.Errno {
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, membarrierRegisterExpedited, 0, 0)
	return errno
}

// FenceAll returns when every thread of this process has been through a memory barrier since it was called: what each had
// stored before can be seen, and what it loads from there on it loads anew. EPERM: FenceRegister was not called.
func FenceAll() syscall.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_MEMBARRIER, membarrierExpedited, 0, 0)
	return errno
}
