package sys

import (
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// From linux/futex.h. Without the PRIVATE flag: the words are shared between processes.
const (
	futexWait = 0
	futexWake = 1
)

// FutexWait sleeps while the word has the value, at most for d. That it returns says nothing: look again.
// It does not tell Go's scheduler that it blocks, so d should be short.
func FutexWait(word *atomic.Uint32, value uint32, d time.Duration) error {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(value), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch errno {
	case 0, unix.EAGAIN, unix.EINTR, unix.ETIMEDOUT:
		return nil
	}
	return os.NewSyscallError("futex wait", errno)
}

// FutexWake wakes at most one sleeper and returns how many it woke.
func FutexWake(word *atomic.Uint32) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, 1, 0, 0, 0)
	if errno != 0 {
		return 0, os.NewSyscallError("futex wake", errno)
	}
	return int(n), nil
}
