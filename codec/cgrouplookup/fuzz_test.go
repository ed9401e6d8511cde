package cgrouplookup_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

func FuzzDecodeRequest(f *testing.F) {
	f.Add(golden.Bytes(f, requestText))
	f.Add(naiveRequest(nil))
	f.Fuzz(func(t *testing.T, b []byte) { judgeRequest(t, b) })
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add(golden.Bytes(f, responseText))
	f.Add(naiveResponse(1, many(6).Items))
	f.Fuzz(func(t *testing.T, b []byte) {
		judge(t, b)
		if items, answered := cgrouplookup.Answered(b); answered < 0 || answered > items || items > len(b) {
			t.Errorf("%d of %d items are answered, in %d bytes", answered, items, len(b))
		}
	})
}

// judgeRequest says what holds for any bytes: no panic; and what is accepted reads as it owns, and has the same value
// after it was owned, encoded and decoded.
func judgeRequest(t lookuptest.Tester, b []byte) {
	t.Helper()
	before := bytes.Clone(b)
	v, err := cgrouplookup.DecodeRequest(b)
	if !bytes.Equal(b, before) {
		t.Fatal("decoding changed the bytes")
	}
	if err != nil {
		return
	}
	var r cgrouplookup.Request
	v.Clone(&r)
	for i, path := range v.All() {
		if !path.Equal(r[i]) {
			t.Fatalf("path %d alone is %q, with all others %q", i, path, r[i])
		}
	}
	again := encodeRequest(t, r)
	if !bytes.Equal(again, naiveRequest(r)) || len(again) > len(b) {
		t.Fatalf("%x encodes to\n%x, not canonical", b, again)
	}
	var twice cgrouplookup.Request
	ask(t, r).Clone(&twice)
	if diff := cmp.Diff(r, twice); diff != "" || len(r) != v.Len() {
		t.Fatalf("-decoded +encoded and decoded:\n%s", diff)
	}
}

// judge is judgeRequest for a response. A builder can pass on whatever was accepted.
func judge(t lookuptest.Tester, b []byte) {
	t.Helper()
	before := bytes.Clone(b)
	v, err := cgrouplookup.DecodeResponse(b)
	if !bytes.Equal(b, before) {
		t.Fatal("decoding changed the bytes")
	}
	if err != nil {
		return
	}
	var r cgrouplookup.Response
	v.Clone(&r)
	for i, it := range v.All() {
		if diff := cmp.Diff(it.Owned(), r.Items[i]); diff != "" {
			t.Fatalf("item %d alone, and with all others:\n%s", i, diff)
		}
	}
	again := encode(t, &r)
	if !bytes.Equal(again, naiveResponse(r.Generation, r.Items)) || len(again) > len(b) {
		t.Fatalf("%x encodes to\n%x, not canonical", b, again)
	}
	if diff := cmp.Diff(r, own(t, again), equal); diff != "" {
		t.Fatalf("-decoded +encoded and decoded:\n%s", diff)
	}
	if built, err := build(t, &r, lookuptest.Dirty(len(again)+8), nil, len(again)+8); err != nil || !bytes.Equal(built, again) {
		t.Fatalf("built\n%x, %v, encoded\n%x", built, err, again)
	}
}
