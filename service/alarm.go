package service

import (
	"context"
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// alarm ends a wait on channels at a deadline, with a timer from a pool.
type alarm struct{ t *time.Timer }

var timers = sync.Pool{New: func() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}}

// startAlarm sets an alarm for d, unless the context has a deadline of its own, which then is d.
func startAlarm(ctx context.Context, d *link.Deadline) alarm {
	if _, own := ctx.Deadline(); own {
		return alarm{}
	}
	left, ok := d.Left()
	if !ok {
		return alarm{}
	}
	t := timers.Get().(*time.Timer)
	t.Reset(left)
	return alarm{t}
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
		timers.Put(a.t)
	}
}

// abortion is the switch behind Client.Abort. The zero value is off; init makes its channel.
type abortion struct {
	mu  sync.Mutex
	now chan struct{}
	on  bool
}

func (a *abortion) ch() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// set switches on, clear off; both report whether that changed anything.
func (a *abortion) set() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.on {
		return false
	}
	a.on = true
	close(a.now)
	return true
}

func (a *abortion) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.on {
		a.on, a.now = false, make(chan struct{})
	}
}
