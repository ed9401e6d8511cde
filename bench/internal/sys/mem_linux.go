package sys

import (
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

// Map maps memory shared with whoever else maps it. The caller unmaps it with Unmap.
func Map(fd uintptr, size int) ([]byte, error) {
	mem, err := unix.Mmap(int(fd), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}

// Unmap undoes Map; mem must not be touched afterwards.
func Unmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// Word returns the n-th word of mapped memory, counted in Lines. Valid until mem is unmapped.
func Word(mem []byte, n int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&mem[n*Line])) }

// Yield lets another thread run on this processor.
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
