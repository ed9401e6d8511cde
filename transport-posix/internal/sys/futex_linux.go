package sys

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// From linux/futex.h.
const (
	futexWait = 0
	futexWake = 1

	futexSize32  = 2
	futexPrivate = 128
)

// FutexVector is the most words that FutexWaitAny waits for at once.
const FutexVector = 128

// FutexWord is one word of a FutexWaitAny: where it is, and what it holds while there is nothing to do.
type FutexWord struct {
	value uint64
	addr  uint64
	flags uint32
	_     uint32
}

// FutexWake wakes whoever sleeps on a word of memory that processes share. EFAULT: the memory is not there any more.
func FutexWake(word *uint32) syscall.Errno { return wake(word, futexWake) }

// FutexWakeOwn is FutexWake for a word of this process alone.
func FutexWakeOwn(word *uint32) syscall.Errno { return wake(word, futexWake|futexPrivate) }

// FutexWait sleeps while a word of shared memory holds value, at most for d. 0: woken; EAGAIN: it holds something else;
// EINTR; ETIMEDOUT; EFAULT: the memory is not there any more.
func FutexWait(word *uint32, value uint32, d time.Duration) syscall.Errno {
	ts := unix.NsecToTimespec(int64(d))
	return wait(word, value, &ts)
}

// FutexWaitAny sleeps while every word holds its value, at most for d. Errors are those of FutexWait; any word may be
// the reason. Preconditions: FutexHasVector, between 1 and FutexVector words, and they stay where they are.
func FutexWaitAny(words []FutexWord, d time.Duration) syscall.Errno {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return err.(syscall.Errno)
	}
	at := ts.Nano() + int64(d)
	return waitAny(words, &[2]int64{at / 1e9, at % 1e9}) // 64 bits each on every architecture
}

// FutexHasVector reports whether the kernel has FutexWaitAny (Linux 5.16).
var FutexHasVector = sync.OnceValue(func() bool {
	_, _, errno := unix.Syscall6(sysFutexWaitv, 0, 0, 0, 0, 0, 0)
	return errno == unix.EINVAL // of no words; ENOSYS, or EPERM of a filter, where it is not to be had
})

// sysFutexWaitv is the number of the call on every architecture that has it.
const sysFutexWaitv = 449
