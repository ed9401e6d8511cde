package service

import "context"

// A caller parked in a Conn waits in the kernel, not on a channel, so the end of its context must interrupt
// the Conn. context.AfterFunc does that, but costs two allocations, so a registration is kept for the next
// call with the same context. A context seen for the first time is not kept: many callers make one a call.

// maxWatches bounds the registrations that a session keeps, and how many contexts it remembers.
const maxWatches = 256

type watch struct {
	done  <-chan struct{}
	stop  func() bool
	users int  // slots that refer to it, in somebody's hands or not
	keep  bool // its context is one that comes again; never changes
	over  bool // its context has ended
}

// watches are a session's registrations, by the Done channel of the context. Guarded by session.mu.
type watches struct {
	kept map[<-chan struct{}]*watch
	seen map[<-chan struct{}]struct{}
}

// change makes sure that the end of ctx interrupts s while x is in use, and that of the context before does not.
func (ws *watches) change(s *session, ctx context.Context, x *call) {
	if x.watch != nil {
		ws.release(s, x)
	}
	x.watch = ws.enter(s, ctx)
}

// enter makes sure that the end of ctx interrupts s. Nil for a context that never ends.
func (ws *watches) enter(s *session, ctx context.Context) *watch {
	done := ctx.Done()
	if done == nil {
		return nil
	}
	if w := ws.kept[done]; w != nil {
		w.users++
		return w
	}
	if ws.kept == nil {
		ws.kept = make(map[<-chan struct{}]*watch)
		ws.seen = make(map[<-chan struct{}]struct{})
	}
	w := &watch{done: done, users: 1}
	_, w.keep = ws.seen[done]
	if !w.keep {
		if len(ws.seen) >= maxWatches {
			clear(ws.seen)
		}
		ws.seen[done] = struct{}{}
	}
	ws.kept[done] = w
	w.stop = context.AfterFunc(ctx, func() { s.interrupt(done) })
	return w
}

// release ends what enter began for x.
func (ws *watches) release(s *session, x *call) {
	w := x.watch
	x.watch = nil
	w.users--
	if w.users > 0 {
		return
	}
	if s.err != nil || !w.keep || w.over || closed(w.done) {
		ws.drop(w)
		return
	}
	if len(ws.kept) > maxWatches {
		for _, old := range ws.kept {
			if old.users == 0 {
				ws.drop(old)
				break
			}
		}
	}
}

func (ws *watches) drop(w *watch) {
	w.stop()
	if ws.kept[w.done] == w {
		delete(ws.kept, w.done)
	}
}

// stop ends all.
func (ws *watches) stop() {
	for _, w := range ws.kept {
		w.stop()
	}
	clear(ws.kept)
	clear(ws.seen)
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
