package lookup

import (
	"context"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// work is one call on its way.
type work[K any, R Keys[K], V View[V], M Method[K, R, V]] struct {
	Answer[V]
	c       *Client[K, R, V, M]
	series  service.Series
	foresee func(payload []byte) (R, bool) // work.next, made once
	tally   Tally                          // of the answer that is being judged; here because it would escape

	course[K, R]
}

// course is how far a call has come.
type course[K any, R Keys[K]] struct {
	keys     R
	sizes    sizes
	checked  bool    // the keys are; those of a single request are when it is encoded
	now      request // that is being answered
	ahead    request // that was foreseen, if it has keys
	calls    int     // requests that were answered
	attempts int     // and those that were not
	answered int     // keys
	bytes    int     // of their items
}

// reset makes w ready for another call. Buffers are kept.
func (w *work[K, R, V, M]) reset() {
	w.series.End()
	w.Answer.reset()
	w.course = course[K, R]{}
}

// request is that for the first n keys of a span.
type request struct {
	of span
	n  int
}

// gather fills in the answer.
func (w *work[K, R, V, M]) gather(ctx context.Context) error {
	c := w.c
	w.Keys = len(w.keys)
	if len(w.keys) > c.ceilings.Keys {
		return w.ceiling("Keys", c.ceilings.Keys)
	}
	w.due = append(w.due, span{from: 0, to: len(w.keys)})
	for len(w.due) > 0 {
		if err := w.step(ctx, w.due[len(w.due)-1]); err != nil {
			return err
		}
	}
	w.order()
	return nil
}

// step makes one request, for some of s or for what was foreseen.
func (w *work[K, R, V, M]) step(ctx context.Context, s span) error {
	if r := w.ahead; w.series.Ahead() {
		w.ahead = request{}
		return w.ask(ctx, r, s)
	}
	w.unforesee()
	n, ask := w.plan(s)
	if !w.checked && n < len(w.keys) {
		// A key that cannot be is found before the first request, and not somewhere in the middle.
		if err := w.c.m.Check(w.keys); err != nil {
			return link.NewOpError("call", w.c.Status().Endpoint, err)
		}
		w.checked = true
	}
	if !ask {
		return w.tooLong(s.from)
	}
	if w.attempts == w.c.ceilings.Calls {
		return w.ceiling("Calls", w.c.ceilings.Calls)
	}
	w.attempts++
	return w.ask(ctx, request{s, n}, s)
}

// plan decides how many of the first keys of s are asked for next. Without ask, the first is too long to be asked for.
func (w *work[K, R, V, M]) plan(s span) (n int, ask bool) {
	keys := w.keys[s.from:s.to]
	limits, ok := w.c.Limits()
	if !ok || len(keys) == 0 {
		return len(keys), true // the call says that the client is not ready
	}
	request, response := int(limits.RequestPayload), int(limits.ResponsePayload)
	if n = part[K](&w.sizes, keys, request, response); n == len(keys) {
		return n, true
	}
	ceiling := int(w.c.RequestCeiling())
	if n == 0 {
		if keys[:1].FitMore(ceiling, response, 0) == 0 || w.refusedAlready(keys[:1]) {
			return 1, false
		}
		return 1, true // and the client asks for a larger request
	}
	if len(keys) > growAfter*n {
		if larger := part[K](&w.sizes, keys, ceiling, response); larger >= 2*n && !w.refusedAlready(keys[:larger]) {
			return larger, true
		}
	}
	return n, true
}

func (w *work[K, R, V, M]) refusedAlready(keys R) bool {
	return w.c.refused.already(w.c.Status().Connects, w.c.m.RequestSize(keys))
}

// ask makes the request r, while s is what is to be asked for next: the same span, unless r was foreseen wrongly.
func (w *work[K, R, V, M]) ask(ctx context.Context, r request, s span) error {
	w.now = r
	keys := w.keys[r.of.from : r.of.from+r.n]
	v, err := w.c.c.Next(ctx, &w.series, keys, w.foresee)
	switch {
	case err == nil && r.of != s:
		return w.pass(v, r)
	case err == nil:
		return w.take(v, r)
	case requestRefused(err) && w.c.Ready():
		// Then smaller requests have to do, and keys that do not fit them cannot be asked for: plan knows.
		w.c.refused.note(w.c.Status().Connects, w.c.m.RequestSize(keys))
		return nil
	}
	return err
}

// next foresees, from an answer that nobody has looked at, what is to be asked for after it, so that the provider works
// while this does. What it foresaw wrongly is thrown away.
func (w *work[K, R, V, M]) next(payload []byte) (keys R, ok bool) {
	w.unforesee()
	s, n := w.now.of, w.now.n
	items, answered := w.c.m.Answered(payload)
	if items != n || answered == 0 || s.from+answered == s.to || w.attempts == w.c.ceilings.Calls {
		return nil, false
	}
	s.from += answered
	if n, ok = w.plan(s); !ok || n == 0 {
		return nil, false
	}
	w.attempts++
	w.ahead = request{s, n}
	return w.keys[s.from : s.from+n], true
}

// unforesee forgets what was foreseen and did not go out, or went out in a session that is over.
func (w *work[K, R, V, M]) unforesee() {
	if w.ahead.n > 0 {
		w.ahead = request{}
		w.attempts--
	}
}

// pass throws away an answer that turned out not to be needed. One that cannot be true says so all the same.
func (w *work[K, R, V, M]) pass(v V, r request) error {
	if err := w.sound(v, r.n); err != nil {
		return err
	}
	for i, key := range w.keys[r.of.from : r.of.from+r.n] {
		if f, _, _ := w.c.m.Item(v, i, key); f == Wrong {
			return w.wrong(r.of.from + i)
		}
	}
	return nil
}

// sound says what is wrong with v as a whole, the answer to n keys.
func (w *work[K, R, V, M]) sound(v V, n int) error {
	switch {
	case v.Len() != n:
		return w.series.Distrust(fmt.Errorf("%w: %d items for %d keys", ErrEcho, v.Len(), n))
	case w.calls > 0 && v.Generation() != w.Generation:
		return w.series.Distrust(fmt.Errorf("%w: %d after %d", ErrGeneration, v.Generation(), w.Generation))
	}
	return nil
}

func (w *work[K, R, V, M]) wrong(i int) error {
	return w.series.Distrust(fmt.Errorf("%w: item %d names another key than the one that was asked for", ErrEcho, i))
}

// take judges the answer to r and keeps what it says.
func (w *work[K, R, V, M]) take(v V, r request) error {
	if err := w.sound(v, r.n); err != nil {
		return err
	}
	w.Generation = v.Generation()
	w.calls++
	first, before := len(w.Runs), w.answered
	if wrong := w.judge(v, r.of, r.n); wrong >= 0 {
		return w.wrong(r.of.from + wrong)
	}
	alone := len(w.more) > 0 && w.more[0].alone
	if r.n > 0 && w.answered == before && !alone {
		return w.series.Distrust(fmt.Errorf("%w: %d keys, of which %q is the first", ErrNoProgress, r.n, fmt.Sprint(w.keys[r.of.from])))
	}
	w.advance(r.n)
	for k := range w.Runs[first:] {
		w.Runs[first+k].View = v
	}
	if w.bytes > w.c.ceilings.Bytes {
		return w.ceiling("Bytes", w.c.ceilings.Bytes)
	}
	return nil
}

// judge looks at every item of v, the answer to the first n keys of s. What is final becomes runs, the rest goes to
// more. It returns the first item that names another key, -1 if none does.
func (w *work[K, R, V, M]) judge(v V, s span, n int) (wrong int) {
	t := &w.tally
	*t = Tally{}
	keys := w.keys[s.from : s.from+n]
	final, from := 0, 0 // the run that goes on is from..i
	for i := 0; ; i++ {
		more := w.c.m.Final(v, i, keys[i:], t)
		final += more
		if i += more; i == n {
			break
		}
		f, size, least := w.c.m.Item(v, i, keys[i])
		if f == Wrong {
			return i
		}
		if f == Oversized && (i > 0 || n == 1) {
			final++
			t.Add(size, least)
			continue
		}
		w.run(s, from, i)
		from = i + 1
		w.again(s.from+i, f == Oversized)
	}
	w.run(s, from, n)
	w.sizes.learn(final, t.more, t.squares)
	w.answered += final
	w.bytes += t.Bytes
	return -1
}

// run notes that items from..to are final, the first being that of the first key of s.
func (w *work[K, R, V, M]) run(s span, from, to int) {
	if from < to {
		w.Runs = append(w.Runs, Run[V]{First: s.from + from, From: from, To: to})
	}
}

// tooLong answers a key that no request can hold, or whose answer none can.
func (w *work[K, R, V, M]) tooLong(key int) error {
	v, err := w.c.m.Oversized(w.keys[key])
	if err != nil {
		return err
	}
	w.Runs = append(w.Runs, Run[V]{First: key, View: v, From: 0, To: 1})
	w.answered++
	w.advance(1)
	return nil
}

// ceiling says that the call has come to one of its ceilings.
func (w *work[K, R, V, M]) ceiling(name string, limit int) error {
	return link.NewOpError("call", w.c.Status().Endpoint, &CeilingError{
		Ceiling: name, Limit: limit, Keys: len(w.keys), Answered: w.answered, Calls: w.attempts, Bytes: w.bytes,
	})
}
