package service

import (
	"context"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// clock tells callers who wait for an answer that their time is up. A timer of each caller's own would have to be set
// and stopped with every call; this one is set when the first of them waits, and looks for the next one to tell when
// it goes off, which is once in a timeout. Guarded by session.mu.
type clock struct {
	t  *time.Timer
	at link.Deadline // when it goes off; 0: it is not set, or is about to look
}

// watch makes the clock tell x, unless the end of its context does. It starts the budget of its deadline.
func (k *clock) watch(s *session, ctx context.Context, x *call) {
	if _, own := ctx.Deadline(); own && ctx.Done() != nil {
		return
	}
	x.at = x.bound.deadline.Start()
	if x.at != 0 {
		k.set(s, x.at)
	}
}

// set makes the clock go off at a time or before.
func (k *clock) set(s *session, at link.Deadline) {
	if k.at != 0 && k.at <= at {
		return
	}
	k.at = at
	left, _ := at.Left()
	if k.t == nil {
		k.t = time.AfterFunc(left, s.ring)
	} else {
		k.t.Reset(left)
	}
}

func (k *clock) stop() {
	if k.t != nil {
		k.t.Stop()
	}
}

// ring is where the clock has gone off.
func (s *session) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.at = 0
	if s.err != nil {
		return
	}
	now := link.Deadline(link.Now())
	for _, x := range s.calls {
		switch {
		case x.at == 0 || x.state != callWaiting:
		case x.at <= now:
			x.late = true
			x.nudge()
		default:
			s.clock.set(s, x.at)
		}
	}
}
