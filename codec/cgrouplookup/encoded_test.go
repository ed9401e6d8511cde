package cgrouplookup_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// Whatever room there is, an item that was encoded before is answered as the item itself.
func TestEncodedWithinAnyBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := responses(8).Draw(t, "response")
		items, req := r.Items, paths(r.Items)
		most := len(encode(t, &r))
		budget := rapid.IntRange(leastFor(r.Items), most+8).Draw(t, "budget")
		want, err := build(t, &r, lookuptest.Dirty(1<<16), nil, budget)
		if err != nil {
			t.Fatal(err)
		}
		if got := buildEncoded(t, &r, req, encodedOf(t, items), budget); !bytes.Equal(got, want) {
			t.Fatalf("%x, want\n%x", got, want)
		}
	})
}

// leastFor returns what the shortest answers take.
func leastFor(items []cgrouplookup.Item) int {
	r := cgrouplookup.Response{}
	for _, it := range items {
		r.Items = append(r.Items, cgrouplookup.Item{Status: cgrouplookup.StatusUnknownPermanent, Path: it.Path})
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
			it.Labels[i] = cgrouplookup.Label{Key: "another", Value: "label"}
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
		it.Path = "/p"
		e, err := it.Encode()
		var is *codec.Error
		if e.Size() != 0 || !errors.Is(err, c.want) || !errors.As(err, &is) || is.Item != -1 || is.Field != c.field {
			t.Errorf("%s: %d bytes, %v", c.name, e.Size(), err)
		}
	}
}

// It has a path of its own, and that has to be one.
func TestEncodeItemNeedsPath(t *testing.T) {
	for path, want := range map[string]error{"": codec.ErrBadLayout, "/a\x00b": codec.ErrInteriorNUL} {
		it := cgrouplookup.Item{Path: path}
		if e, err := it.Encode(); !errors.Is(err, want) || e.Size() != 0 {
			t.Errorf("path %q: %d bytes, %v, want %v", path, e.Size(), err, want)
		}
	}
}

// An item may say more than any payload holds, without taking as much memory.
func TestEncodeItemTooLarge(t *testing.T) {
	labels := make([]cgrouplookup.Label, math.MaxUint16)
	long := strings.Repeat("v", 1<<17)
	for i := range labels {
		labels[i] = cgrouplookup.Label{Key: "k", Value: long}
	}
	it := cgrouplookup.Item{Path: "/p", Labels: labels}
	if e, err := it.Encode(); !errors.Is(err, codec.ErrOverflow) || e.Size() != 0 {
		t.Errorf("%d bytes, %v", e.Size(), err)
	}
}

// Nor is an encoded item taken that answers something else, or none at all.
func TestAddEncodedRefuses(t *testing.T) {
	req := paths(responseGolden.Items)[:1]
	for _, c := range []struct {
		name  string
		it    *cgrouplookup.Item
		want  error
		field string
	}{
		{"another key", &cgrouplookup.Item{Path: "/another"}, codec.ErrBadLayout, "path"},
		{"the zero value", nil, codec.ErrTruncated, ""},
	} {
		var e cgrouplookup.Encoded
		if c.it != nil {
			e = encodedOf(t, []cgrouplookup.Item{*c.it})[0]
		}
		var b cgrouplookup.Builder
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
