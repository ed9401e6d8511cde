package lookup

import (
	"context"
	"fmt"
	"sort"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// work is one call on its way.
type work[K any, R Keys[K], V View[V], M Method[K, R, V]] struct {
	c      *Client[K, R, V, M]
	keys   R
	a      *Answer[V]
	sizes  sizes
	series service.Series

	whole    service.Lease[V] // of an answer that came in one part
	checked  bool             // the keys are; those of a single request are when it is encoded
	ahead    request          // that is out already
	calls    int              // requests that were answered
	attempts int              // and those that were not
	answered int              // keys
	bytes    int              // of their items
}

// request is that for the first n keys of a span.
type request struct {
	of span
	n  int
}

// gather fills in the answer.
func (w *work[K, R, V, M]) gather(ctx context.Context) error {
	a, c := w.a, w.c
	a.Keys = len(w.keys)
	if len(w.keys) > c.ceilings.Keys {
		return w.ceiling("Keys", c.ceilings.Keys)
	}
	a.todo = append(a.todo, span{from: 0, to: len(w.keys)})
	for len(a.todo) > 0 {
		s := a.todo[len(a.todo)-1]
		if w.ahead.n > 0 {
			if err := w.catchUp(ctx, s); err != nil {
				return err
			}
			continue
		}
		n, ask := w.plan(s)
		if !w.checked && n < len(w.keys) {
			// A key that cannot be is found before the first request, and not somewhere in the middle.
			if err := c.m.Check(w.keys); err != nil {
				return link.NewOpError("call", c.Status().Endpoint, err)
			}
			w.checked = true
		}
		var err error
		if ask {
			err = w.ask(ctx, s, n)
		} else {
			err = w.tooLong(s.from)
		}
		if err != nil {
			return err
		}
	}
	a.order()
	return nil
}

// plan decides how many of the first keys of s are asked for next. Without ask, the first is too long to be asked for.
func (w *work[K, R, V, M]) plan(s span) (n int, ask bool) {
	keys := w.keys[s.from:s.to]
	info, ok := w.c.Session()
	if !ok || len(keys) == 0 {
		return len(keys), true // the call says that the client is not ready
	}
	request, response := int(info.Limits.RequestPayload), int(info.Limits.ResponsePayload)
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

// ask asks for the first n keys of s.
func (w *work[K, R, V, M]) ask(ctx context.Context, s span, n int) error {
	if w.attempts == w.c.ceilings.Calls {
		return w.ceiling("Calls", w.c.ceilings.Calls)
	}
	w.attempts++
	lease, refused, err := w.await(ctx, s, n)
	if err != nil || refused {
		return err
	}
	return w.take(ctx, lease, s, n)
}

// await waits for the answer to the first n keys of s. refused: the request is too large.
func (w *work[K, R, V, M]) await(ctx context.Context, s span, n int) (lease service.Lease[V], refused bool, err error) {
	keys := w.keys[s.from : s.from+n]
	lease, err = w.c.c.AcquireIn(ctx, &w.series, keys)
	if err != nil && requestRefused(err) && w.c.Ready() {
		// Then smaller requests have to do, and keys that do not fit them cannot be asked for: plan knows.
		w.c.refused.note(w.c.Status().Connects, w.c.m.RequestSize(keys))
		return lease, true, nil
	}
	return lease, false, err
}

// foresee sends the request that comes after v, the answer to the first n keys of s, before v is judged; so the provider
// works while this does. If the judgement is another, its answer is thrown away.
func (w *work[K, R, V, M]) foresee(ctx context.Context, v V, s span, n int) {
	// What had no room is, of a provider that keeps to the rules, a suffix.
	had := sort.Search(n, func(i int) bool {
		f, _, _ := w.c.m.Item(v, i, w.keys[s.from+i])
		return f == Exceeded
	})
	if had == 0 || s.from+had == s.to || w.attempts == w.c.ceilings.Calls {
		return
	}
	next := span{from: s.from + had, to: s.to}
	if n, ask := w.plan(next); ask && n > 0 {
		if w.c.c.Ahead(ctx, &w.series, w.keys[next.from:next.from+n]) {
			w.attempts++
			w.ahead = request{next, n}
		}
	}
}

// catchUp takes the answer to what was sent ahead, s being what is to be asked for next.
func (w *work[K, R, V, M]) catchUp(ctx context.Context, s span) error {
	r := w.ahead
	w.ahead = request{}
	lease, refused, err := w.await(ctx, r.of, r.n)
	switch {
	case err != nil || refused:
		return err
	case r.of != s:
		return w.pass(lease, r.of, r.n)
	}
	return w.take(ctx, lease, s, r.n)
}

// pass throws away an answer that turned out not to be needed. One that cannot be true says so all the same.
func (w *work[K, R, V, M]) pass(lease service.Lease[V], s span, n int) error {
	v := lease.View()
	if err := w.sound(v, n); err != nil {
		return lease.Distrust(err)
	}
	for i, key := range w.keys[s.from : s.from+n] {
		if f, _, _ := w.c.m.Item(v, i, key); f == Wrong {
			return lease.Distrust(wrongItem(s.from + i))
		}
	}
	lease.Release()
	return nil
}

// sound says what is wrong with v as a whole, the answer to n keys.
func (w *work[K, R, V, M]) sound(v V, n int) error {
	switch {
	case v.Len() != n:
		return fmt.Errorf("%w: %d items for %d keys", ErrEcho, v.Len(), n)
	case w.calls > 0 && v.Generation() != w.a.Generation:
		return fmt.Errorf("%w: %d after %d", ErrGeneration, v.Generation(), w.a.Generation)
	}
	return nil
}

func wrongItem(i int) error {
	return fmt.Errorf("%w: item %d names another key than the one that was asked for", ErrEcho, i)
}

// take judges the answer to the first n keys of s and keeps what it says.
func (w *work[K, R, V, M]) take(ctx context.Context, lease service.Lease[V], s span, n int) error {
	a, v := w.a, lease.View()
	if err := w.sound(v, n); err != nil {
		return lease.Distrust(err)
	}
	a.Generation = v.Generation()
	w.calls++
	first, before := len(a.Runs), w.answered
	if first > 0 || n < len(w.keys) {
		lease.Keep(a.message())
		w.foresee(ctx, v, s, n)
	}
	if wrong := w.judge(v, s, n); wrong >= 0 {
		return lease.Distrust(wrongItem(s.from + wrong))
	}
	alone := len(a.next) > 0 && a.next[0].alone
	if n > 0 && w.answered == before && !alone {
		return lease.Distrust(fmt.Errorf("%w: %d keys, of which %q is the first", ErrNoProgress, n, fmt.Sprint(w.keys[s.from])))
	}
	a.advance(n)
	if first == 0 && n == len(w.keys) {
		if len(a.todo) == 0 {
			w.whole = lease
		} else {
			lease.Keep(a.message())
		}
	}
	for k := range a.Runs[first:] {
		a.Runs[first+k].View = v
	}
	if w.bytes > w.c.ceilings.Bytes {
		return w.ceiling("Bytes", w.c.ceilings.Bytes)
	}
	return nil
}

// judge looks at every item of v, the answer to the first n keys of s. What is final becomes runs, the rest goes to
// a.next. It returns the first item that names another key, -1 if none does.
func (w *work[K, R, V, M]) judge(v V, s span, n int) (wrong int) {
	var sum, squares float64
	final, from := 0, 0 // the run that goes on is from..i
	for i, key := range w.keys[s.from : s.from+n] {
		f, size, least := w.c.m.Item(v, i, key)
		if f == Oversized && (i > 0 || n == 1) {
			f = Answered
		}
		if f == Answered {
			final++
			more := float64(size - least)
			sum += more
			squares += more * more
			w.bytes += size
			continue
		}
		if f == Wrong {
			return i
		}
		w.run(s, from, i)
		from = i + 1
		w.a.again(s.from+i, f == Oversized)
	}
	w.run(s, from, n)
	w.sizes.learn(final, sum, squares)
	w.answered += final
	return -1
}

// run notes that items from..to are final, the first being that of the first key of s.
func (w *work[K, R, V, M]) run(s span, from, to int) {
	if from < to {
		w.a.Runs = append(w.a.Runs, Run[V]{First: s.from + from, From: from, To: to})
	}
}

// tooLong answers a key that no request can hold, or whose answer none can.
func (w *work[K, R, V, M]) tooLong(key int) error {
	v, err := w.c.m.Oversized(w.keys[key])
	if err != nil {
		return err
	}
	w.a.Runs = append(w.a.Runs, Run[V]{First: key, View: v, From: 0, To: 1})
	w.answered++
	w.a.advance(1)
	return nil
}

// ceiling says that the call has come to one of its ceilings.
func (w *work[K, R, V, M]) ceiling(name string, limit int) error {
	return link.NewOpError("call", w.c.Status().Endpoint, &CeilingError{
		Ceiling: name, Limit: limit, Keys: len(w.keys), Answered: w.answered, Calls: w.attempts, Bytes: w.bytes,
	})
}
