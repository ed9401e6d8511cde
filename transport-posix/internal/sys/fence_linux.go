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

// FenceRegister makes FenceAll possible in this process (Linux 4.14). It may take some milliseconds.
func FenceRegister() syscall.Errno { return membarrier(membarrierRegisterExpedited) }

// FenceAll returns when every thread of this process has been through a memory barrier since it was called: what each had
// stored before can be seen, and what it loads from there on it loads anew. EPERM: FenceRegister was not called.
func FenceAll() syscall.Errno { return membarrier(membarrierExpedited) }

func membarrier(command uintptr) syscall.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_MEMBARRIER, command, 0, 0)
	return errno
}
