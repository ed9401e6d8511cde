package cgrouplookup_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// placeholder is an item that says nothing but a status.
func placeholder(it cgrouplookup.Item, s cgrouplookup.Status) cgrouplookup.Item {
	return cgrouplookup.Item{Status: s, Path: it.Path}
}

// model is spec 07, "What a lookup builder does when the answer does not fit", and 15-c, the obvious way: for each
// decision the whole answer is written that would come of it if all later items were in their shortest form. ok is
// false when the shortest forms alone do not fit.
func model(r cgrouplookup.Response, budget int) (b []byte, ok bool) {
	var rest []cgrouplookup.Item
	for _, it := range r.Items {
		rest = append(rest, placeholder(it, cgrouplookup.StatusPayloadExceeded))
	}
	size := func(items []cgrouplookup.Item) int { return len(naiveResponse(r.Generation, items)) }
	if size(rest) > budget {
		return nil, false
	}
	chosen, full := rest, false
	for i, it := range r.Items {
		with := append(append(append([]cgrouplookup.Item{}, chosen[:i]...), it), rest[i+1:]...)
		fits := true
		if it.Status == cgrouplookup.StatusKnown {
			need := size(with)
			if i == len(r.Items)-1 {
				need = (need + 7) / 8 * 8
			}
			fits = need <= budget
		}
		switch {
		case full:
		case fits:
			chosen = with
		case i == 0:
			with[0] = placeholder(it, cgrouplookup.StatusOversizedItem)
			chosen = with
		default:
			full = true
		}
	}
	return naiveResponse(r.Generation, chosen), true
}

// For every budget from nothing to more than enough, the builder writes what the model writes, however it comes by
// its room.
func TestBudgetIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := responses(5).Draw(t, "response")
		start := rapid.IntRange(0, 200).Draw(t, "buffer")
		for budget := range len(naiveResponse(r.Generation, r.Items)) + 17 {
			want, ok := model(r, budget)
			for how, room := range rooms(start, budget) {
				got, err := build(t, &r, room.dst, room.grow, room.budget)
				if ok != (err == nil) || !ok && !errors.Is(err, codec.ErrOverflow) {
					t.Fatalf("%s of %d bytes: %v, the model says %v", how, budget, err, ok)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%s of %d bytes: wrote\n%x, want\n%x", how, budget, got, want)
				}
				for _, c := range room.dst[min(len(room.dst), budget):] {
					if c != 0xaa {
						t.Fatalf("%s of %d bytes: wrote behind them", how, budget)
					}
				}
			}
		}
	})
}

type room struct {
	dst    []byte
	grow   codec.Grow
	budget int
}

func rooms(start, budget int) map[string]room {
	out := map[string]room{
		"a buffer":        {lookuptest.Dirty(budget), nil, math.MaxInt},
		"a larger buffer": {lookuptest.Dirty(budget + 64), nil, budget},
	}
	for how, most := range map[string][2]int{"grow": {budget, math.MaxInt}, "budget": {budget + 500, budget}} {
		dst := lookuptest.Dirty(min(start, budget))
		last := dst
		out["a "+how] = room{dst, lookuptest.Growing(&last, most[0]), most[1]}
	}
	// What Grow kills it scribbles over, which is not writing behind the budget.
	return out
}

// The error of a budget that is too small is that of Grow as well.
func TestResetRefused(t *testing.T) {
	var b cgrouplookup.Builder
	var buf []byte
	err := b.Reset(nil, lookuptest.Growing(&buf, 50), math.MaxInt, ask(t, requestGolden))
	if !errors.Is(err, codec.ErrOverflow) || !errors.Is(err, lookuptest.ErrSession) {
		t.Errorf("error %v: want one that is both codec.ErrOverflow and Grow's own", err)
	}
	if err := b.Reset(lookuptest.Dirty(1024), nil, -1, cgrouplookup.RequestView{}); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("a budget of -1: %v", err)
	}
	if err := b.Reset(lookuptest.Dirty(16), nil, 16, cgrouplookup.RequestView{}); err != nil {
		t.Errorf("an answer to no keys: %v", err)
	}
	if n, err := b.Finish(); n != 16 || err != nil {
		t.Errorf("an answer to no keys: %d, %v", n, err)
	}
}

// A handler can stop when Full says so: Finish does the rest.
func TestFull(t *testing.T) {
	r := many(8)
	whole := naiveResponse(r.Generation, r.Items)
	for budget := range len(whole) + 8 {
		want, ok := model(r, budget)
		if !ok {
			continue
		}
		var b cgrouplookup.Builder
		if err := b.Reset(lookuptest.Dirty(budget), nil, budget, ask(t, paths(r.Items))); err != nil {
			t.Fatal(err)
		}
		b.SetGeneration(r.Generation)
		for _, it := range r.Items {
			if b.Full() {
				break
			}
			it.Path = "" // that of the request
			if err := b.Add(it); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Finish(); err != nil || !bytes.Equal(b.Bytes(), want) || b.Len() != 8 {
			t.Fatalf("%d bytes: %d items, wrote\n%x, %v, want\n%x", budget, b.Len(), b.Bytes(), err, want)
		}
	}
}

// Fit takes the longest beginning of a request that fits both ways, at any limit.
func TestFitIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := cgrouplookup.Request(rapid.SliceOfN(text(1, 20), 0, 8).Draw(t, "paths"))
		asked, answered := []int{0}, []int{0} // sizes for the first 0, 1, ... keys
		for n := 1; n <= len(r); n++ {
			var answers []cgrouplookup.Item
			for _, path := range r[:n] {
				answers = append(answers, placeholder(cgrouplookup.Item{Path: path}, cgrouplookup.StatusPayloadExceeded))
			}
			asked, answered = append(asked, len(naiveRequest(r[:n]))), append(answered, len(naiveResponse(0, answers)))
		}
		most := func(sizes []int, limit int) (n int) {
			for n+1 < len(sizes) && sizes[n+1] <= limit {
				n++
			}
			return n
		}
		for limit := -1; limit < answered[len(r)]+2; limit++ {
			if got, want := r.Fit(limit, math.MaxInt), most(asked, limit); got != want {
				t.Fatalf("%d of %d in requests of %d, want %d", got, len(r), limit, want)
			}
			if got, want := r.Fit(math.MaxInt, limit), most(answered, limit); got != want {
				t.Fatalf("%d of %d in responses of %d, want %d", got, len(r), limit, want)
			}
			if got, want := r.Fit(limit, 2*limit), min(most(asked, limit), most(answered, 2*limit)); got != want {
				t.Fatalf("%d of %d in requests of %d and responses of twice that, want %d", got, len(r), limit, want)
			}
		}
	})
}
