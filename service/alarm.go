package service

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// alarm ends a wait on channels at a deadline, with a timer from a pool.
type alarm struct {
	pool *sync.Pool
	t    *time.Timer
}

// alarm sets an alarm for d, unless the end of the context is d and will be told. The pool is the client's own:
// timers made in a bubble of testing/synctest must not get out of it.
func (c *core) alarm(ctx context.Context, d *link.Deadline) alarm {
	if _, own := ctx.Deadline(); own && ctx.Done() != nil {
		return alarm{}
	}
	left, ok := d.Left()
	if !ok {
		return alarm{}
	}
	t, _ := c.timers.Get().(*time.Timer)
	if t == nil {
		t = time.NewTimer(left)
	} else {
		t.Reset(left)
	}
	return alarm{&c.timers, t}
}

// C returns the channel to wait on; nil, which blocks for ever, if there is no alarm.
func (a alarm) C() <-chan time.Time {
	if a.t == nil {
		return nil
	}
	return a.t.C
}

func (a alarm) stop() {
	if a.t != nil {
		a.t.Stop()
		a.pool.Put(a.t)
	}
}

// era is a stretch of a client's life without Abort. A call belongs to the era in which it began and ends with
// it, so that a ClearAbort right after the Abort cannot make it overlook that.
type era struct {
	over  chan struct{}
	ended atomic.Bool
}

func newEra() *era { return &era{over: make(chan struct{})} }

// end is called once.
func (e *era) end() {
	e.ended.Store(true)
	close(e.over)
}

// bound is what ends a call from outside, beside its context.
type bound struct {
	deadline link.Deadline
	era      *era
}
