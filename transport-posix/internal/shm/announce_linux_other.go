//go:build linux && !amd64

package shm

import (
	"sync/atomic"

	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
)

// announce stores the three words that announce a message, each after the one before and all after what was stored
// already.
func announce(length *uint32, n uint32, seq *uint64, have uint64, signal *uint32, moved uint32) {
	atomic.StoreUint32(length, n)
	atomic.StoreUint64(seq, have)
	atomic.StoreUint32(signal, moved)
}

// watch looks at seq until it is not have, at most turns times, at least once, with a pause behind each look; or until
// signs has a bit of mask. The cache lines of the message and of its answer come when they are used.
func watch(seq *uint64, have uint64, signs *uint32, mask, turns uint32, _, _ *byte, _ uint32) {
	for ; atomic.LoadUint64(seq) == have && atomic.LoadUint32(signs)&mask == 0; spin.Pause(1) {
		if turns--; turns == 0 {
			return
		}
	}
}
