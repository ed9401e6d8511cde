package applookup_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// Whatever room there is, an item that was encoded before is answered as the item itself.
func TestEncodedWithinAnyBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := responses(8).Draw(t, "response")
		items, req := r.Items, pids(r.Items)
		most := len(encode(t, &r))
		budget := rapid.IntRange(leastFor(r.Items), most+8).Draw(t, "budget")
		want, err := build(t, &r, lookuptest.Dirty(1<<16), nil, budget)
		if err != nil {
			t.Fatal(err)
		}
		if got := buildEncoded(t, &r, req, encodedOf(t, items), budget); !bytes.Equal(got, want) {
			t.Fatalf("%x, want\n%x", got, want)
		}
		for i := range items { // whatever pid it is for
			items[i].PID = 0
		}
		if got := buildEncoded(t, &r, req, encodedOf(t, items), budget); !bytes.Equal(got, want) {
			t.Fatalf("without pids: %x, want\n%x", got, want)
		}
	})
}

// leastFor returns what the shortest answers take.
func leastFor(items []applookup.Item) int {
	r := applookup.Response{}
	for _, it := range items {
		r.Items = append(r.Items, unknown(it.PID, applookup.StatusUnknown))
	}
	n, err := r.Size()
	if err != nil {
		panic(err)
	}
	return n
}

// An encoded item says what the item says, and keeps nothing of it.
func TestEncodedView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := itemGen.Draw(t, "item")
		e, err := it.Encode()
		if err != nil {
			t.Fatal(err)
		}
		want := naiveItem(it)
		for i := range it.Labels {
			it.Labels[i] = applookup.Label{Key: "another", Value: "label"}
		}
		one := own(t, lookuptest.List(0, [][]byte{want}))
		if got := e.View().Owned(); !got.Equal(one.Items[0]) || e.Size() != len(want) {
			t.Fatalf("%d bytes, %+v, want %d of %+v", e.Size(), got, len(want), one.Items[0])
		}
	})
}

// What nobody may send cannot be encoded, and the error says what it is.
func TestEncodeItemRefuses(t *testing.T) {
	for _, c := range invalid {
		it := c.item
		e, err := it.Encode()
		var is *codec.Error
		if e.Size() != 0 || !errors.Is(err, c.want) || !errors.As(err, &is) || is.Item != -1 || is.Field != c.field {
			t.Errorf("%s: %d bytes, %v", c.name, e.Size(), err)
		}
	}
}

// An item may say more than any payload holds, without taking as much memory.
func TestEncodeItemTooLarge(t *testing.T) {
	labels := make([]applookup.Label, math.MaxUint16)
	long := strings.Repeat("v", 1<<17)
	for i := range labels {
		labels[i] = applookup.Label{Key: "k", Value: long}
	}
	it := applookup.Item{Comm: "c", CgroupPath: "/p", Labels: labels}
	if e, err := it.Encode(); !errors.Is(err, codec.ErrOverflow) || e.Size() != 0 {
		t.Errorf("%d bytes, %v", e.Size(), err)
	}
}

// Nor is an encoded item taken that answers something else, or none at all.
func TestAddEncodedRefuses(t *testing.T) {
	req := pids(responseGolden.Items)[:1]
	for _, c := range []struct {
		name  string
		it    *applookup.Item
		want  error
		field string
	}{
		{"another key", &applookup.Item{PID: 77, Comm: "c", CgroupPath: "/"}, codec.ErrBadLayout, "pid"},
		{"the zero value", nil, codec.ErrTruncated, ""},
	} {
		var e applookup.Encoded
		if c.it != nil {
			e = encodedOf(t, []applookup.Item{*c.it})[0]
		}
		var b applookup.Builder
		if err := b.AddEncoded(e); !errors.Is(err, codec.ErrBadCount) {
			t.Errorf("%s, before Reset: %v", c.name, err)
		}
		if err := b.Reset(lookuptest.Dirty(1024), nil, 1024, ask(t, req)); err != nil {
			t.Fatal(err)
		}
		err := b.AddEncoded(e)
		var is *codec.Error
		if !errors.Is(err, c.want) || !errors.As(err, &is) || is.Item != 0 || is.Field != c.field {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, again := b.Finish(); again != err {
			t.Errorf("%s: finished in spite of it: %v", c.name, again)
		}
	}
}
