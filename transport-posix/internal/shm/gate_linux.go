package shm

import (
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/fence"
)

// The memory stays mapped while calls use it: a call that sends counts in out.use, any other in in.use, as there is one of
// each at a time. Whoever closes says so first (signClosed), and then waits for those that have not seen it.

// enter lets a call in, unless the Conn is closed. finish follows if it was let in.
func (c *Conn) enter(use *fence.Count) bool {
	use.Begin()
	if c.signs.bits.Load()&signClosed == 0 {
		return true
	}
	use.End()
	return false
}

// shut waits until no call is inside, when none is let in any more. They all know that they have to leave.
func (c *Conn) shut() {
	fence.All()
	for _, use := range []*fence.Count{&c.in.use, &c.out.use} {
		for nap := time.Microsecond; use.Busy(); nap = min(2*nap, time.Millisecond) {
			time.Sleep(nap)
		}
	}
}
