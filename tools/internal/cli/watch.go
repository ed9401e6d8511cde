package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// watcher shows the cgroups again and again. It has at most one request under way; when that takes longer than
// the interval, it shows what it has meanwhile.
type watcher struct {
	app  *app
	src  *source
	out  *render.CgroupsWriter
	lost bool
}

// watch runs until ctx ends, which is how it is meant to end, or nothing can be written any more.
func (a *app) watch(ctx context.Context, src *source, out *render.CgroupsWriter, f *getFlags) error {
	w := &watcher{app: a, src: src, out: out}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tick := time.NewTicker(f.watch)
	defer tick.Stop()
	answer := make(chan error, 1)
	ask := func() { answer <- refresh(ctx, src.cache, f.timeout) }
	go ask()
	asking := true
	defer func() {
		cancel()
		if asking {
			<-answer
		}
	}()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case why := <-answer:
			asking = false
			if ctx.Err() != nil {
				return nil
			}
			err = w.show(why)
		case <-tick.C:
			if asking {
				err = w.show(errNoAnswerYet)
			} else {
				asking = true
				go ask()
			}
		}
		if err != nil {
			return err
		}
	}
}

// errNoAnswerYet: a request is under way.
var errNoAnswerYet = errors.New("no answer yet")

// show writes what there is, and then why it is not new, if it is not.
func (w *watcher) show(why error) error {
	s := w.src.cache.Snapshot()
	if s != nil {
		l, age := w.src.listing(s), s.Age()
		l.Age = &age
		if err := w.out.Write(l); err != nil {
			return err
		}
	}
	switch {
	case why != nil:
		w.sayOld(s, why)
	case w.lost:
		w.app.say("connected again to %s", w.src.endpoint())
	}
	w.lost = why != nil && s != nil
	return nil
}

// sayOld says why there is nothing new.
func (w *watcher) sayOld(s *cgroups.Snapshot, why error) {
	reason, then := why.Error(), "reconnecting"
	switch {
	case errors.Is(why, link.ErrNotFound):
		reason = "no provider at " + w.src.endpoint()
	case errors.Is(why, errNoAnswerYet):
		reason, then = "no answer yet from "+w.src.endpoint(), "waiting"
	}
	if s == nil {
		w.app.say("no data yet: %s: waiting", reason)
		return
	}
	w.app.say("data is %s old: %s: %s", render.Age(s.Age()), reason, then)
}

// say writes a line for people.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.err, style(a.err).Odd(render.Escape(fmt.Sprintf(format, args...))))
}
