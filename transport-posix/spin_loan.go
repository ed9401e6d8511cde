package posix

import (
	"sync"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// loan is who has the mode of a descriptor. Waits that block need it in blocking mode; a caller's own event loop,
// which got it from SyscallConn, expects the other, and then has it for good.
type loan struct {
	blocking atomic.Bool // the descriptor is in blocking mode
	mu       sync.Mutex
	given    bool // to a caller, or it could not be had
}

// take reports whether a wait may block, and makes it so.
func (l *loan) take(fd uintptr) bool {
	if l.blocking.Load() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given {
		return false
	}
	if sys.Blocking(int(fd), blockTime) != nil {
		l.given = true
		return false
	}
	l.blocking.Store(true)
	return true
}

// give is for a caller who wants the descriptor.
func (l *loan) give(fd uintptr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.given = true
	if l.blocking.Swap(false) {
		_ = sys.NonBlocking(int(fd))
	}
}
