package cgrouplookup_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// invalid are items that nobody may send.
var invalid = []struct {
	name  string
	item  cgrouplookup.Item
	want  error
	field string
}{
	{"unknown status", cgrouplookup.Item{Status: 5}, codec.ErrBadLayout, "status"},
	{"unknown, with orchestrator", cgrouplookup.Item{Status: 1, Orchestrator: 1}, codec.ErrBadLayout, "orchestrator"},
	{"unknown, with name", cgrouplookup.Item{Status: 2, Name: "n"}, codec.ErrBadLayout, "name"},
	{"oversized, with label", cgrouplookup.Item{Status: 4, Labels: []cgrouplookup.Label{{Key: "k"}}}, codec.ErrBadLayout, "label_count"},
	{"NUL in name", cgrouplookup.Item{Name: "a\x00b"}, codec.ErrInteriorNUL, "name"},
	{"label without key", cgrouplookup.Item{Labels: []cgrouplookup.Label{{Value: "v"}}}, codec.ErrBadLayout, "label key"},
	{"NUL in key", cgrouplookup.Item{Labels: []cgrouplookup.Label{{Key: "k"}, {Key: "\x00"}}}, codec.ErrInteriorNUL, "labels"},
	{"NUL in value", cgrouplookup.Item{Labels: []cgrouplookup.Label{{Key: "k", Value: "\x00"}}}, codec.ErrInteriorNUL, "labels"},
	{"too many labels", cgrouplookup.Item{Labels: make([]cgrouplookup.Label, math.MaxUint16+1)}, codec.ErrBadCount, "label_count"},
}

// What may not be is refused, whether there is room for it or not, and in any place.
func TestBuilderRefuses(t *testing.T) {
	for _, c := range append(invalid[:len(invalid):len(invalid)], struct {
		name  string
		item  cgrouplookup.Item
		want  error
		field string
	}{"another path", cgrouplookup.Item{Path: "/b"}, codec.ErrBadLayout, "path"}) {
		for _, size := range []int{16 + 3*8 + 3*32, 1 << 16} {
			for before := range 3 {
				var b cgrouplookup.Builder
				if err := b.Reset(lookuptest.Dirty(size), nil, size, ask(t, cgrouplookup.Request{"/a", "/a", "/a"})); err != nil {
					t.Fatal(err)
				}
				for range before {
					if err := b.Add(cgrouplookup.Item{Name: "some name"}); err != nil {
						t.Fatal(err)
					}
				}
				err := b.Add(c.item)
				var e *codec.Error
				if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Item != before || e.Field != c.field {
					t.Errorf("%s in %d bytes: %v", c.name, size, err)
				}
				if again := b.Unknown(cgrouplookup.StatusUnknownPermanent); again != err {
					t.Errorf("%s: the error did not last: %v", c.name, again)
				}
				if n, again := b.Finish(); again != err || n != 0 || b.Bytes() != nil || b.Err() != err {
					t.Errorf("%s: finished in spite of it: %d, %v", c.name, n, again)
				}
				if err := b.Reset(lookuptest.Dirty(16), nil, 16, cgrouplookup.RequestView{}); err != nil || b.Err() != nil {
					t.Errorf("Reset does not forgive: %v", err)
				}
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, c := range append(invalid[:len(invalid):len(invalid)], struct {
		name  string
		item  cgrouplookup.Item
		want  error
		field string
	}{"NUL in path", cgrouplookup.Item{Path: "\x00"}, codec.ErrInteriorNUL, "path"}) {
		if c.item.Path == "" {
			c.item.Path = "/p"
		}
		r := cgrouplookup.Response{Items: []cgrouplookup.Item{{Path: "/a"}, c.item}}
		n, err := r.Encode(lookuptest.Dirty(1 << 21))
		var e *codec.Error
		if n != 0 || !errors.Is(err, c.want) || !errors.As(err, &e) || e.Item != 1 || e.Field != c.field {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
	}
	r := cgrouplookup.Response{Items: []cgrouplookup.Item{{}}}
	if _, err := r.Encode(lookuptest.Dirty(100)); !errors.Is(err, codec.ErrBadLayout) {
		t.Errorf("an item without a path: %v", err)
	}
}

func TestEncodeRequestRefuses(t *testing.T) {
	for _, c := range []struct {
		r    cgrouplookup.Request
		want error
	}{
		{cgrouplookup.Request{"/a", ""}, codec.ErrBadLayout},
		{cgrouplookup.Request{"/a", "/\x00"}, codec.ErrInteriorNUL},
	} {
		var e *codec.Error
		n, err := cgrouplookup.EncodeRequest(lookuptest.Dirty(100), c.r)
		if n != 0 || !errors.Is(err, c.want) || !errors.As(err, &e) || e.Item != 1 || e.Field != "path" {
			t.Errorf("%q: %d, %v", c.r, n, err)
		}
	}
	for size := range requestGolden.Size() {
		b := lookuptest.Dirty(size)
		if n, err := cgrouplookup.EncodeRequest(b, requestGolden); n != 0 || !errors.Is(err, codec.ErrOverflow) {
			t.Errorf("in %d bytes: %d, %v", size, n, err)
		}
	}
}

func TestBuilderCounts(t *testing.T) {
	var b cgrouplookup.Builder
	if _, err := b.Finish(); !errors.Is(err, codec.ErrOverflow) || b.Bytes() != nil {
		t.Errorf("Finish without Reset: %v", err)
	}
	if err := b.Add(cgrouplookup.Item{}); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("Add without Reset: %v", err)
	}
	reset := func() {
		if err := b.Reset(lookuptest.Dirty(1024), nil, 1024, ask(t, requestGolden)); err != nil {
			t.Fatal(err)
		}
		if err := b.Add(responseGolden.Items[0]); err != nil {
			t.Fatal(err)
		}
	}
	reset()
	if _, err := b.Finish(); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("a path without an answer: %v", err)
	}
	reset()
	if err := b.Add(responseGolden.Items[1]); err != nil {
		t.Fatal(err)
	}
	first, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	b.SetGeneration(7)
	if b.Bytes() != nil {
		t.Error("bytes of an unfinished answer")
	}
	if n, err := b.Finish(); n != first || err != nil || own(t, b.Bytes()).Generation != 7 {
		t.Errorf("finished again: %d of %d, %v", n, first, err)
	}
	if err := b.Add(cgrouplookup.Item{}); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("more answers than paths: %v", err)
	}
}

// 65535 labels are the most there can be.
func TestMostLabels(t *testing.T) {
	r := cgrouplookup.Response{Items: []cgrouplookup.Item{{Path: "/p", Labels: make([]cgrouplookup.Label, math.MaxUint16)}}}
	for i := range r.Items[0].Labels {
		r.Items[0].Labels[i].Key = "k"
	}
	if got := own(t, encode(t, &r)); !got.Equal(r) {
		t.Error("65535 labels are not what they were")
	}
}

// Sizes are u32: the largest payload is math.MaxUint32 bytes, or what an int holds.
func TestSizeStopsAtU32(t *testing.T) {
	const most = min(math.MaxUint32, math.MaxInt)
	long := strings.Repeat("x", 1<<24)
	item := func(path string) cgrouplookup.Item { return cgrouplookup.Item{Path: path} }
	var r cgrouplookup.Response
	size := func() int {
		n, err := r.Size()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for len(r.Items) == 0 || most-size() > 2*len(long) {
		r.Items = append(r.Items, item(long))
	}
	last := len(r.Items)
	r.Items = append(r.Items, item("x"), item("x"))
	r.Items[last] = item(long[:(most-size())/2])
	r.Items[last+1] = item(long[:most-size()+1])
	if size() != most {
		t.Fatalf("%d bytes, want the most there can be", size())
	}
	r.Items[last+1] = item(long[:1+len(r.Items[last+1].Path)])
	if n, err := r.Size(); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("%d bytes, %v: more than %d", n, err, uint32(most))
	}
	if n, err := r.Encode(lookuptest.Dirty(100)); n != 0 || !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("encoded: %d, %v", n, err)
	}
	req := paths(r.Items)
	if n, err := cgrouplookup.EncodeRequest(lookuptest.Dirty(100), req); n != 0 || !errors.Is(err, codec.ErrOverflow) || req.Size() > most {
		t.Errorf("request of %d bytes: %d, %v", req.Size(), n, err)
	}
}
