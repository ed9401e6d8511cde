package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
)

// own is a Source of a test's own.
type own[T any] func(ctx context.Context, old *Snapshot[T]) (Fetched[T], error)

func (own[T]) Ready() bool                           { return true }
func (own[T]) Refresh(context.Context) (bool, error) { return false, nil }
func (own[T]) Close() error                          { return nil }
func (f own[T]) Fetch(ctx context.Context, old *Snapshot[T]) (Fetched[T], error) {
	return f(ctx, old)
}

// TestNil: before the first success there is nothing, and that can be read like anything else.
func TestNil(t *testing.T) {
	c := New(own[int](func(context.Context, *Snapshot[int]) (Fetched[int], error) {
		return Fetched[int]{}, errScripted
	}), Config{})
	if err := c.Refresh(t.Context()); !errors.Is(err, errScripted) {
		t.Error(err)
	}
	s := c.Snapshot()
	if c.Value() != nil || s.Value() != nil || s.Generation() != 0 || !s.Taken().IsZero() || s.Age() != 0 || c.Ready() {
		t.Errorf("%v, %+v", s, c.Status())
	}
}

// TestUnchangedWithoutOld: nothing new, where nothing was, is what the source has brought.
func TestUnchangedWithoutOld(t *testing.T) {
	c := New(own[int](func(_ context.Context, old *Snapshot[int]) (Fetched[int], error) {
		return Fetched[int]{Value: 7, Generation: old.Generation() + 1, Unchanged: true}, nil
	}), Config{})
	for range 3 {
		if s := refresh(t, c); *s.Value() != 7 {
			t.Errorf("value %d", *s.Value())
		}
	}
	if st := c.Status(); st.Unchanged != 2 || st.Generation != 3 {
		t.Errorf("%+v", st)
	}
}

// TestTurn: refreshes come one after the other, who waits for its turn can give up, and a panic passes it on.
func TestTurn(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	var inside atomic.Int32
	c := New(own[int](func(context.Context, *Snapshot[int]) (Fetched[int], error) {
		if inside.Add(1) != 1 {
			t.Error("two at once")
		}
		defer inside.Add(-1)
		entered <- struct{}{}
		<-leave
		return Fetched[int]{}, nil
	}), Config{})
	done := make(chan error, 1)
	go func() { done <- c.Refresh(context.Background()) }()
	linktest.Await(t, "the first", entered)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := c.Refresh(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	short, end := context.WithTimeout(t.Context(), time.Millisecond)
	defer end()
	if err := c.Refresh(short); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("%v, want ErrTimeout", err)
	}
	var others sync.WaitGroup
	for range 5 {
		others.Go(func() {
			if err := c.Refresh(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	for range 5 {
		leave <- struct{}{}
		linktest.Await(t, "the next", entered)
	}
	leave <- struct{}{}
	others.Wait()
	if err := linktest.Await(t, "the first to end", done); err != nil {
		t.Error(err)
	}
	if st := c.Status(); st.Refreshes != 6 || st.Failures != 2 {
		t.Errorf("%+v", st)
	}
}

func TestPanicPasses(t *testing.T) {
	n := 0
	c := New(own[int](func(context.Context, *Snapshot[int]) (Fetched[int], error) {
		if n++; n == 1 {
			panic("mine")
		}
		return Fetched[int]{Value: n}, nil
	}), Config{})
	func() {
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = c.Refresh(t.Context())
	}()
	if s := refresh(t, c); *s.Value() != 2 {
		t.Errorf("value %d", *s.Value())
	}
}

// TestReaders: readers beside a refresh see one whole value or another, and one that is held does not change.
func TestReaders(t *testing.T) {
	type value struct{ a, b [64]int }
	n := 0
	c := New(own[value](func(context.Context, *Snapshot[value]) (f Fetched[value], _ error) {
		n++
		for i := range f.Value.a {
			f.Value.a[i], f.Value.b[i] = n, n
		}
		f.Generation = uint64(n)
		return f, nil
	}), Config{})
	refresh(t, c)
	var over atomic.Bool
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			held := c.Snapshot()
			for !over.Load() {
				for _, s := range []*Snapshot[value]{c.Snapshot(), held} {
					v, want := s.Value(), int(s.Generation())
					if v.a != v.b || v.a[0] != want || v.b[63] != want {
						t.Errorf("generation %d: %v", want, *v)
						return
					}
				}
			}
		})
	}
	for range 2000 {
		refresh(t, c)
	}
	over.Store(true)
	readers.Wait()
}

// TestReadAllocs: reading allocates nothing.
func TestReadAllocs(t *testing.T) {
	c := New(own[int](func(context.Context, *Snapshot[int]) (Fetched[int], error) {
		return Fetched[int]{Value: 7, Generation: 1}, nil
	}), Config{})
	refresh(t, c)
	if n := testing.AllocsPerRun(100, func() {
		if s := c.Snapshot(); *s.Value() != 7 || *c.Value() != 7 || s.Generation() != 1 || s.Age() < 0 || !c.Ready() {
			t.Error(s)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestDiff: against what the words mean.
func TestDiff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := rapid.MapOf(rapid.IntRange(0, 9), rapid.IntRange(0, 2))
		old, new := Map[int, int](sets.Draw(t, "old")), Map[int, int](sets.Draw(t, "new"))
		c := Diff(old, new)
		next := maps.Clone(old)
		if next == nil {
			next = Map[int, int]{}
		}
		for _, e := range c.Removed {
			if v, there := next[e.Key]; !there || v != e.Value {
				t.Fatalf("%v was not there", e)
			}
			delete(next, e.Key)
		}
		for _, e := range c.Added {
			if _, there := old[e.Key]; there {
				t.Fatalf("%v was there", e)
			}
			next[e.Key] = e.Value
		}
		for _, ch := range c.Changed {
			if ch.Old.Key != ch.New.Key || ch.Old.Value == ch.New.Value || old[ch.Old.Key] != ch.Old.Value {
				t.Fatalf("%v", ch)
			}
			next[ch.New.Key] = ch.New.Value
		}
		if !maps.Equal(next, new) || c.Empty() != maps.Equal(old, new) {
			t.Fatalf("%v with %+v is %v, want %v", old, c, next, new)
		}
	})
}

// TestMapStops: a loop over a Map may end early.
func TestMapStops(t *testing.T) {
	m := Map[int, int]{1: 1, 2: 2, 3: 3}
	for range m.Items() {
		break
	}
	got := slices.SortedFunc(m.Items(), func(a, b Entry[int, int]) int { return a.Key - b.Key })
	if d := cmp.Diff([]Entry[int, int]{{1, 1}, {2, 2}, {3, 3}}, got); d != "" {
		t.Error(d)
	}
}

// TestKnown: the same but for the generation, judged against bytes in which that is left out.
func TestKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.ByteRange(0, 2), 0, 40).Draw(t, "known")
		k := arrived[int]{known: text, generationAt: rapid.IntRange(-1, 40).Draw(t, "at")}
		b := slices.Clone(text)
		if len(b) > 0 && rapid.Bool().Draw(t, "differs") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "where")] ^= 1
		}
		if rapid.IntRange(0, 5).Draw(t, "cut") == 0 {
			b = b[:rapid.IntRange(0, len(b)).Draw(t, "to")]
		}
		without := func(b []byte) []byte {
			if k.generationAt <= 0 || k.generationAt+8 > len(b) {
				return b
			}
			return append(slices.Clone(b[:k.generationAt]), b[k.generationAt+8:]...)
		}
		want := len(text) > 0 && len(b) == len(text) && slices.Equal(without(b), without(text))
		if got := k.is(b); got != want || k.same != want {
			t.Fatalf("is = %v, want %v", got, want)
		}
		generation := uint64(0)
		if at := k.generationAt; len(without(b)) < len(b) {
			generation = binary.NativeEndian.Uint64(b[at:])
		}
		if k.generation != generation {
			t.Fatalf("generation %d, want %d", k.generation, generation)
		}
	})
}
