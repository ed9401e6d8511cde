package cgrouplookup_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// equal compares answers by their values; what Clone remembers is not one.
var equal = cmp.Comparer(func(a, b cgrouplookup.Response) bool { return a.Equal(b) })

// many returns an answer of n items of all kinds and lengths.
func many(n int) cgrouplookup.Response {
	r := cgrouplookup.Response{Generation: uint64(n), Items: make([]cgrouplookup.Item, n)}
	for i := range r.Items {
		it := cgrouplookup.Item{
			Orchestrator: cgrouplookup.Orchestrator(i % 9),
			Path:         fmt.Sprintf("/system.slice/unit-%d%s.service", i, strings.Repeat("x", i%17)),
			Name:         fmt.Sprintf("unit-%d", i),
		}
		for k := range i % 4 {
			it.Labels = append(it.Labels, cgrouplookup.Label{Key: fmt.Sprintf("key-%d", k), Value: strings.Repeat("v", i%23)})
		}
		if i%5 == 4 {
			it = cgrouplookup.Item{Status: cgrouplookup.StatusUnknownRetryLater, Path: it.Path}
		}
		r.Items[i] = it
	}
	return r
}

// paths returns the request that an answer answers.
func paths(items []cgrouplookup.Item) cgrouplookup.Request {
	r := cgrouplookup.Request{}
	for i := range items {
		r = append(r, items[i].Path)
	}
	return r
}

func encodeRequest(t lookuptest.Tester, r cgrouplookup.Request) []byte {
	t.Helper()
	b := lookuptest.Dirty(r.Size())
	n, err := cgrouplookup.EncodeRequest(b, r)
	if err != nil || n != len(b) {
		t.Fatalf("%d of %d bytes, %v", n, len(b), err)
	}
	return b
}

// ask returns the view of an encoded request.
func ask(t lookuptest.Tester, r cgrouplookup.Request) cgrouplookup.RequestView {
	t.Helper()
	v, err := cgrouplookup.DecodeRequest(encodeRequest(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t lookuptest.Tester, r *cgrouplookup.Response) []byte {
	t.Helper()
	size, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := lookuptest.Dirty(size)
	n, err := r.Encode(b)
	if err != nil || n != size {
		t.Fatalf("%d of %d bytes, %v", n, size, err)
	}
	return b
}

// build answers with items the request for their paths.
func build(t lookuptest.Tester, r *cgrouplookup.Response, dst []byte, grow codec.Grow, budget int) ([]byte, error) {
	t.Helper()
	var b cgrouplookup.Builder
	if err := b.Reset(dst, grow, budget, ask(t, paths(r.Items))); err != nil {
		if again := b.Add(cgrouplookup.Item{}); again != err {
			t.Fatalf("the error %v did not last: %v", err, again)
		}
		if _, again := b.Finish(); again != err || b.Err() != err || b.Bytes() != nil {
			t.Fatalf("the error %v did not last: %v", err, again)
		}
		return nil, err
	}
	b.SetGeneration(r.Generation)
	for i, it := range r.Items {
		if b.Len() != i {
			t.Fatalf("%d of %d answered", b.Len(), i)
		}
		if err := b.Add(it); err != nil {
			return nil, err
		}
	}
	n, err := b.Finish()
	if err != nil || n != len(b.Bytes()) || b.Len() != len(r.Items) {
		t.Fatalf("%d bytes of %d, %d items of %d: %v", n, len(b.Bytes()), b.Len(), len(r.Items), err)
	}
	return b.Bytes(), nil
}

// encoders are all the ways to get from an answer to bytes; they write the same when there is room.
var encoders = map[string]func(t lookuptest.Tester, r *cgrouplookup.Response) []byte{
	"Response": encode,
	"Builder in a buffer": func(t lookuptest.Tester, r *cgrouplookup.Response) []byte {
		b, err := build(t, r, lookuptest.Dirty(1<<16), nil, math.MaxInt)
		if err != nil {
			t.Fatal(err)
		}
		return b
	},
	"Builder of encoded items": func(t lookuptest.Tester, r *cgrouplookup.Response) []byte {
		return buildEncoded(t, r, paths(r.Items), encodedOf(t, r.Items), 1<<16)
	},
	"Builder that grows": func(t lookuptest.Tester, r *cgrouplookup.Response) []byte {
		var buf []byte
		b, err := build(t, r, nil, lookuptest.Growing(&buf, 1<<16), 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		if &buf[0] != &b[0] {
			t.Fatal("the payload is not in the buffer that Grow returned last")
		}
		return b
	},
}

// buildEncoded answers a request with items that are encoded, within a budget.
func buildEncoded(t lookuptest.Tester, r *cgrouplookup.Response, req cgrouplookup.Request, items []cgrouplookup.Encoded, budget int) []byte {
	t.Helper()
	var b cgrouplookup.Builder
	if err := b.Reset(lookuptest.Dirty(1<<16), nil, budget, ask(t, req)); err != nil {
		t.Fatal(err)
	}
	b.SetGeneration(r.Generation)
	for _, e := range items {
		if err := b.AddEncoded(e); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Finish(); err != nil || n != len(b.Bytes()) {
		t.Fatalf("%d bytes of %d: %v", n, len(b.Bytes()), err)
	}
	return b.Bytes()
}

// encodedOf returns every item encoded by itself.
func encodedOf(t lookuptest.Tester, items []cgrouplookup.Item) []cgrouplookup.Encoded {
	t.Helper()
	all := make([]cgrouplookup.Encoded, len(items))
	for i := range items {
		var err error
		if all[i], err = items[i].Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// own decodes, and copies to keep.
func own(t lookuptest.Tester, b []byte) cgrouplookup.Response {
	t.Helper()
	v, err := cgrouplookup.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	var r cgrouplookup.Response
	v.Clone(&r)
	return r
}

func naiveItem(it cgrouplookup.Item) []byte {
	ne := binary.NativeEndian
	b := ne.AppendUint16(nil, 1)
	b = ne.AppendUint16(b, uint16(it.Status))
	b = ne.AppendUint16(b, uint16(it.Orchestrator))
	b = ne.AppendUint16(b, 0)
	b = ne.AppendUint32(b, 28)
	b = ne.AppendUint32(b, uint32(len(it.Path)))
	b = ne.AppendUint32(b, uint32(28+len(it.Path)+1))
	b = ne.AppendUint32(b, uint32(len(it.Name)))
	b = ne.AppendUint16(b, uint16(len(it.Labels)))
	b = ne.AppendUint16(b, 0)
	b = append(append(append(append(b, it.Path...), 0), it.Name...), 0)
	return lookuptest.Labels(b, it.Labels)
}

func naiveResponse(generation uint64, items []cgrouplookup.Item) []byte {
	var all [][]byte
	for _, it := range items {
		all = append(all, naiveItem(it))
	}
	return lookuptest.List(generation, all)
}

func naiveRequest(r cgrouplookup.Request) []byte {
	var all [][]byte
	for _, path := range r {
		all = append(all, append([]byte(path), 0))
	}
	return lookuptest.List(0, all)
}
