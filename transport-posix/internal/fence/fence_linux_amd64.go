//go:build !race

package fence

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// cheap says that All can make every thread pass a barrier. It never becomes false.
var cheap atomic.Bool

// prepare asks the system once, beside whatever goes on: it waits for all processors.
var prepare = sync.OnceFunc(func() {
	go func() {
		if sys.FenceRegister() == 0 && sys.FenceAll() == 0 {
			cheap.Store(true)
		}
	}()
})

// begin counts up. Without a barrier what is loaded next may overtake the store; All sees to it that this does no harm. An
// owner that has found cheap also finds whatever was stored by one whom All has let pass because it was not yet.
func begin(n *atomic.Uint32) {
	if cheap.Load() {
		step(word(n))
		return
	}
	n.Add(1)
}

// end counts up: on this architecture no store is seen before what was done ahead of it.
func end(n *atomic.Uint32) { step(word(n)) }

// step adds one to a word that nobody else writes.
//
//go:noescape
func step(n *uint32)

func all() {
	if !cheap.Load() {
		return // whoever has begun has passed a barrier
	}
	for sys.FenceAll() != 0 {
		// It worked before. A process that was stored and loaded again has to ask anew.
		if sys.FenceRegister() != 0 {
			time.Sleep(time.Millisecond) // no processor keeps a store to itself for as long
			return
		}
	}
}
