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

// FutexWake wakes all who sleep on a word of memory that processes share: one of them may have left in its mind already. EFAULT: the memory is not there any more.
func FutexWake(word *uint32) syscall.Errno { return wake(word, futexWake) }

// Wake is FutexWake for the word of w, whose memory may have gone since.
func (w FutexWord) Wake() syscall.Errno { return wakeAt(uintptr(w.addr), futexWake) }

// FutexWakeOwn is FutexWake for a word of this process alone.
func FutexWakeOwn(word *uint32) syscall.Errno { return wake(word, futexWake|futexPrivate) }

// FutexWait sleeps while a word of shared memory holds value, at most for d. 0: woken; EAGAIN: it holds something else;
// EINTR: a signal came, such as the one with which Go's scheduler asks a thread to stop; ETIMEDOUT; EFAULT: the memory is
// not there any more. Unless it is told, which takes time, Go's scheduler does not know that the thread waits, and another
// goroutine cannot have its processor.
func FutexWait(word *uint32, value uint32, d time.Duration, tell bool) syscall.Errno {
	ts := unix.NsecToTimespec(int64(d))
	return wait(word, value, &ts, tell)
}

// FutexWaitAny sleeps while every word holds its value, at most for d. Errors are those of FutexWait; any word may be
// the reason. Preconditions: FutexHasVector, between 1 and FutexVector words, and they stay where they are.
func FutexWaitAny(words []FutexWord, d time.Duration) syscall.Errno {
	at := int64(time.Since(start)+d) + started()
	return waitAny(words, &[2]int64{at / 1e9, at % 1e9}) // 64 bits each on every architecture
}

// start is a moment whose distance the Go runtime knows without a system call, and started when that was on the kernel's
// clock, in nanoseconds.
var (
	start   = time.Now()
	started = sync.OnceValue(func() int64 {
		var ts unix.Timespec
		if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
			return 0 // every wait is over at once then; there is no such system
		}
		return ts.Nano() - int64(time.Since(start))
	})
)

// FutexHasVector reports whether the kernel has FutexWaitAny (Linux 5.16).
var FutexHasVector = sync.OnceValue(func() bool {
	_, _, errno := unix.Syscall6(sysFutexWaitv, 0, 0, 0, 0, 0, 0)
	return errno == unix.EINVAL // of no words; ENOSYS, or EPERM of a filter, where it is not to be had
})

// sysFutexWaitv is the number of the call on nearly every architecture that has it; on others there is no such call.
const sysFutexWaitv = 449
