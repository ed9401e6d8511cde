package shm

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/fence"
)

// ErrCut: the file of the region was made shorter while it was in use, so that what lay there is lost. The session is
// over; it matches link.ErrReset.
var ErrCut = fmt.Errorf("%w: the file of the shared memory was cut", link.ErrReset)

// finish is deferred by whatever touches the region, with what debug.SetPanicOnFault(true) has returned, behind
// enter. Whoever may open the file may shorten it, and the access that faults then ends this session and not the
// process (spec 03). It costs a few nanoseconds, so it is entered once a message. With the race detector atomic operations
// run where a fault cannot be caught.
func (c *Conn) finish(use *fence.Count, before bool, err *error) {
	debug.SetPanicOnFault(before)
	v := recover()
	if v != nil && isFault(v, c.region.Memory()) {
		c.signs.lose(ErrCut)
		*err = ErrCut
		v = nil
	}
	use.End()
	if v != nil {
		panic(v)
	}
}

// isFault reports whether a panic is about an access to a mapping.
func isFault(v any, mem []byte) bool {
	err, ok := v.(error)
	var fault interface{ Addr() uintptr }
	return ok && errors.As(err, &fault) && inside(fault.Addr(), mem)
}

// glimpse reads a word of a region, and reports whether it is there.
func glimpse(w *atomic.Uint32) (value uint32, ok bool) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if !ok {
			_ = recover() // there is nothing else here that can fail
		}
	}(debug.SetPanicOnFault(true))
	return w.Load(), true
}
