package linktest

import (
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// wait is where one goroutine waits for a pipe. All methods are called with the pipe's lock held.
//
// It is made of a sync.Cond and a timer of package time, both of which testing/synctest understands.
type wait struct {
	cond        sync.Cond
	timer       *time.Timer // wakes at a deadline; made by the first wait that has one
	interrupted bool
}

func (w *wait) init(mu *sync.Mutex) { w.cond.L = mu }

func (w *wait) wake() { w.cond.Broadcast() }

func (w *wait) interrupt() {
	w.interrupted = true
	w.wake()
}

// takeInterrupt reports whether there was an interrupt, which is used up by it.
func (w *wait) takeInterrupt() bool {
	was := w.interrupted
	w.interrupted = false
	return was
}

// wait waits until somebody wakes it; the caller looks again at what it is waiting for. It returns false when
// the deadline has passed.
func (w *wait) wait(d *link.Deadline) bool {
	left, bounded := d.Left()
	switch {
	case !bounded:
		w.cond.Wait()
		return true
	case left == 0:
		return false
	case w.timer == nil:
		w.timer = time.AfterFunc(left, func() {
			w.cond.L.Lock()
			defer w.cond.L.Unlock()
			w.wake()
		})
	default:
		w.timer.Reset(left)
	}
	w.cond.Wait()
	w.timer.Stop()
	return true
}
