package shmtest

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func (p *Peer) word32(off int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&p.mem[off])) }
func (p *Peer) word64(off int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&p.mem[off])) }

func (p *Peer) load32(off int) uint32     { return p.word32(off).Load() }
func (p *Peer) load64(off int) uint64     { return p.word64(off).Load() }
func (p *Peer) store32(off int, v uint32) { p.word32(off).Store(v) }
func (p *Peer) store64(off int, v uint64) { p.word64(off).Store(v) }
func (p *Peer) add32(off int, v uint32)   { p.word32(off).Add(v) }

// From linux/futex.h.
const (
	futexWait = 0
	futexWake = 1
)

// sleep sleeps while a word holds value, or for d, or less.
func (p *Peer) sleep(off int, value uint32, d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(p.word32(off))), futexWait, uintptr(value), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// wake wakes whoever sleeps on a word.
func (p *Peer) wake(off int) {
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(p.word32(off))), futexWake, 1<<31-1, 0, 0, 0)
}
