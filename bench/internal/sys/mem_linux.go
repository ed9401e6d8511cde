package sys

import (
	"errors"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Line is the distance, in bytes, at which two words of shared memory surely share no cache line: two lines of
// 64, because processors fetch them in pairs.
const Line = 128

// NewMemory creates anonymous memory that can be handed to another process.
func NewMemory(name string, size int) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("ftruncate", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Allocate makes a file that long, with all of it reserved: touching it later cannot fail for want of room.
func Allocate(fd uintptr, size int64) error {
	for {
		if err := unix.Fallocate(int(fd), 0, 0, size); !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fallocate", err)
		}
	}
}

// Map maps memory shared with whoever else maps it. The caller unmaps it with Unmap.
func Map(fd uintptr, size int) ([]byte, error) {
	mem, err := unix.Mmap(int(fd), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}

// Unmap undoes Map; mem must not be touched afterwards.
func Unmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// Word returns the n-th word of mapped memory, counted in Lines. Valid until mem is unmapped.
func Word(mem []byte, n int) *atomic.Uint32 { return Uint32(mem, n*Line) }

// Uint32 returns the word at an offset of mapped memory, a multiple of 4. Valid until mem is unmapped.
func Uint32(mem []byte, off int) *atomic.Uint32 {
	_ = mem[off+3]
	return (*atomic.Uint32)(unsafe.Pointer(&mem[off]))
}

// Uint64 returns the double word at an offset of mapped memory, a multiple of 8. Valid until mem is unmapped.
func Uint64(mem []byte, off int) *atomic.Uint64 {
	_ = mem[off+7]
	return (*atomic.Uint64)(unsafe.Pointer(&mem[off]))
}

// Yield lets another thread run on this processor.
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
