//go:build linux && !amd64

package shm

import "sync/atomic"

// announce stores the three words that announce a message, each after the one before and all after what was stored
// already.
func announce(length *uint32, n uint32, seq *uint64, have uint64, signal *uint32, moved uint32) {
	atomic.StoreUint32(length, n)
	atomic.StoreUint64(seq, have)
	atomic.StoreUint32(signal, moved)
}

// own asks for a cache line that will be written, where there is a way.
func own(*byte) {}
