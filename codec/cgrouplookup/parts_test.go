package cgrouplookup_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

// An answer that came in parts is the same as one that came whole, in whatever dst.
func TestCloneParts(t *testing.T) {
	var dst cgrouplookup.Response
	rapid.Check(t, func(t *rapid.T) {
		whole := cgrouplookup.Response{Generation: rapid.Uint64().Draw(t, "generation")}
		var parts []cgrouplookup.Part
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			r := responses(6).Draw(t, "part")
			from := rapid.IntRange(0, len(r.Items)).Draw(t, "from")
			to := rapid.IntRange(from, len(r.Items)).Draw(t, "to")
			v, _ := viewOf(t, &r)
			whole.Items = append(whole.Items, r.Items[from:to]...)
			parts = append(parts, cgrouplookup.Part{View: v, From: from, To: to})
		}
		for range 2 { // the second time is the same answer again
			cgrouplookup.CloneParts(&dst, whole.Generation, parts...)
			if !dst.Equal(whole) {
				t.Fatalf("got %+v, want %+v", dst, whole)
			}
		}
	})
}

// headerSize is the part of a payload before the directory.
const headerSize = 16

// viewOf encodes an answer.
func viewOf(t *rapid.T, r *cgrouplookup.Response) (cgrouplookup.ResponseView, []byte) {
	size, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := r.Encode(b); err != nil {
		t.Fatal(err)
	}
	v, err := cgrouplookup.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	return v, b
}

// What Size says of the items, and the directory, is what the payload takes but for the end of the last.
func TestItemSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := responses(6).Draw(t, "response")
		v, b := viewOf(t, &r)
		size, shortest := headerSize, headerSize
		for _, it := range v.All() {
			whole, least := it.Size()
			size += 8 + whole
			shortest += 8 + least
		}
		if size != headerSize+(len(b)-headerSize+7)&^7 {
			t.Fatalf("%d bytes, want %d", size, len(b))
		}
		// The keys can be asked for within the shortest, and not within less.
		var keys cgrouplookup.Request
		for _, it := range r.Items {
			keys = append(keys, it.Path)
		}
		if n := keys.Fit(1<<30, shortest); n != len(keys) {
			t.Fatalf("%d of %d keys fit %d bytes", n, len(keys), shortest)
		}
		if n := keys.FitMore(1<<30, shortest-8, 0); len(keys) > 0 && n != len(keys)-1 {
			t.Fatalf("%d of %d keys fit %d bytes", n, len(keys), shortest-8)
		}
		if n := keys.FitMore(1<<30, shortest+40*len(keys), 40); n != len(keys) {
			t.Fatalf("%d of %d keys fit if each takes 40 bytes more", n, len(keys))
		}
		if n := keys.FitMore(1<<30, shortest+40*len(keys)-8, 40); len(keys) > 0 && n != len(keys)-1 {
			t.Fatalf("%d of %d keys fit within 8 bytes less", n, len(keys))
		}
	})
}

// Check says of paths what EncodeRequest would, of which one too.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		paths cgrouplookup.Request
		want  error
	}{
		{nil, nil}, {cgrouplookup.Request{"/", "/a"}, nil},
		{cgrouplookup.Request{"/", ""}, codec.ErrBadLayout}, {cgrouplookup.Request{"/", "/\x00"}, codec.ErrInteriorNUL},
	} {
		err := c.paths.Check()
		_, encoding := cgrouplookup.EncodeRequest(make([]byte, 100), c.paths)
		var where *codec.Error
		if !errors.Is(err, c.want) || c.want != nil && (!errors.As(err, &where) || where.Item != 1 || err.Error() != encoding.Error()) {
			t.Errorf("%q: %v, want %v; EncodeRequest: %v", c.paths, err, c.want, encoding)
		}
	}
}
