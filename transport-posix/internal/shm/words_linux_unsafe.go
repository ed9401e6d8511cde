//go:build linux

package shm

import (
	"sync/atomic"
	"unsafe"
)

// word32 and word64 are words of a mapping, which begins at a page, so that they are aligned. The other process has them
// too: one of them writes, the other waits.
func word32(mem []byte, off int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&mem[off])) }
func word64(mem []byte, off int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&mem[off])) }

// raw and raw64 are words as the kernel and assembly take them.
func raw(w *atomic.Uint32) *uint32 { return (*uint32)(unsafe.Pointer(w)) }

func raw64(w *atomic.Uint64) *uint64 { return (*uint64)(unsafe.Pointer(w)) }

// inside reports whether an address is one of a mapping's.
func inside(addr uintptr, mem []byte) bool {
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	return addr >= begin && addr-begin < uintptr(len(mem))
}
