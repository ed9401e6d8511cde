//go:build linux

package sys

import (
	"math"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// NewFutexWord describes a word, which is private if no other process sees it.
func NewFutexWord(word *uint32, value uint32, private bool) FutexWord {
	w := FutexWord{value: uint64(value), addr: uint64(uintptr(unsafe.Pointer(word))), flags: futexSize32}
	if private {
		w.flags |= futexPrivate
	}
	return w
}

func wake(word *uint32, op uintptr) syscall.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), op, math.MaxInt32, 0, 0, 0)
	return errno
}

func wakeAt(addr, op uintptr) syscall.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, addr, op, math.MaxInt32, 0, 0, 0)
	return errno
}

func wait(word *uint32, value uint32, ts *unix.Timespec, tell bool) syscall.Errno {
	if !tell {
		_, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(value), uintptr(unsafe.Pointer(ts)), 0, 0)
		return errno
	}
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(value), uintptr(unsafe.Pointer(ts)), 0, 0)
	return errno
}

func waitAny(words []FutexWord, at *[2]int64) syscall.Errno {
	_, _, errno := unix.Syscall6(sysFutexWaitv, uintptr(unsafe.Pointer(unsafe.SliceData(words))), uintptr(len(words)), 0,
		uintptr(unsafe.Pointer(at)), unix.CLOCK_MONOTONIC, 0)
	return errno
}
