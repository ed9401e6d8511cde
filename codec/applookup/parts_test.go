package applookup_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/applookup"
)

// An answer that came in parts is the same as one that came whole, in whatever dst.
func TestCloneParts(t *testing.T) {
	var dst applookup.Response
	rapid.Check(t, func(t *rapid.T) {
		whole := applookup.Response{Generation: rapid.Uint64().Draw(t, "generation")}
		var parts []applookup.Part
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			r := responses(6).Draw(t, "part")
			from := rapid.IntRange(0, len(r.Items)).Draw(t, "from")
			to := rapid.IntRange(from, len(r.Items)).Draw(t, "to")
			v, _ := viewOf(t, &r)
			whole.Items = append(whole.Items, r.Items[from:to]...)
			parts = append(parts, applookup.Part{View: v, From: from, To: to})
		}
		for range 2 { // the second time is the same answer again
			applookup.CloneParts(&dst, whole.Generation, parts...)
			if !dst.Equal(whole) {
				t.Fatalf("got %+v, want %+v", dst, whole)
			}
		}
	})
}

// headerSize is the part of a payload before the directory.
const headerSize = 16

// viewOf encodes an answer.
func viewOf(t *rapid.T, r *applookup.Response) (applookup.ResponseView, []byte) {
	size, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := r.Encode(b); err != nil {
		t.Fatal(err)
	}
	v, err := applookup.DecodeResponse(b)
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
		var keys applookup.Request
		for _, it := range r.Items {
			keys = append(keys, it.PID)
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
