package applookup_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// equal compares answers by their values; what Clone remembers is not one.
var equal = cmp.Comparer(func(a, b applookup.Response) bool { return a.Equal(b) })

// many returns an answer of n items of all kinds and lengths.
func many(n int) applookup.Response {
	r := applookup.Response{Generation: uint64(n), Items: make([]applookup.Item, n)}
	for i := range r.Items {
		it := applookup.Item{
			Orchestrator: applookup.Orchestrator(i % 9),
			PID:          uint32(1000 + i), PPID: uint32(i), UID: uint32(i % 3), StartTime: uint64(i) << 30,
			Comm:       fmt.Sprintf("comm-%d", i),
			CgroupPath: fmt.Sprintf("/system.slice/unit-%d%s.service", i, strings.Repeat("x", i%17)),
			CgroupName: fmt.Sprintf("unit-%d", i),
		}
		for k := range i % 4 {
			it.Labels = append(it.Labels, applookup.Label{Key: fmt.Sprintf("key-%d", k), Value: strings.Repeat("v", i%23)})
		}
		switch i % 5 {
		case 1:
			it = applookup.Item{CgroupStatus: applookup.CgroupStatusHostRoot, PID: it.PID, Comm: it.Comm}
		case 4:
			it = unknown(it.PID, applookup.StatusUnknown)
		}
		r.Items[i] = it
	}
	return r
}

// unknown is an item that says nothing but a status.
func unknown(pid uint32, s applookup.Status) applookup.Item {
	return applookup.Item{Status: s, PID: pid, UID: applookup.UIDNotSet}
}

// pids returns the request that an answer answers.
func pids(items []applookup.Item) applookup.Request {
	r := applookup.Request{}
	for i := range items {
		r = append(r, items[i].PID)
	}
	return r
}

func encodeRequest(t lookuptest.Tester, r applookup.Request) []byte {
	t.Helper()
	b := lookuptest.Dirty(r.Size())
	n, err := applookup.EncodeRequest(b, r)
	if err != nil || n != len(b) {
		t.Fatalf("%d of %d bytes, %v", n, len(b), err)
	}
	return b
}

// ask returns the view of an encoded request.
func ask(t lookuptest.Tester, r applookup.Request) applookup.RequestView {
	t.Helper()
	v, err := applookup.DecodeRequest(encodeRequest(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t lookuptest.Tester, r *applookup.Response) []byte {
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

// build answers with items the request for their pids.
func build(t lookuptest.Tester, r *applookup.Response, dst []byte, grow codec.Grow, budget int) ([]byte, error) {
	t.Helper()
	var b applookup.Builder
	if err := b.Reset(dst, grow, budget, ask(t, pids(r.Items))); err != nil {
		if again := b.Add(applookup.Item{}); again != err {
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
var encoders = map[string]func(t lookuptest.Tester, r *applookup.Response) []byte{
	"Response": encode,
	"Builder in a buffer": func(t lookuptest.Tester, r *applookup.Response) []byte {
		b, err := build(t, r, lookuptest.Dirty(1<<16), nil, math.MaxInt)
		if err != nil {
			t.Fatal(err)
		}
		return b
	},
	"Builder of encoded items": func(t lookuptest.Tester, r *applookup.Response) []byte {
		return buildEncoded(t, r, pids(r.Items), encodedOf(t, r.Items), 1<<16)
	},
	"Builder that grows": func(t lookuptest.Tester, r *applookup.Response) []byte {
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
func buildEncoded(t lookuptest.Tester, r *applookup.Response, req applookup.Request, items []applookup.Encoded, budget int) []byte {
	t.Helper()
	var b applookup.Builder
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
func encodedOf(t lookuptest.Tester, items []applookup.Item) []applookup.Encoded {
	t.Helper()
	all := make([]applookup.Encoded, len(items))
	for i := range items {
		var err error
		if all[i], err = items[i].Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// own decodes, and copies to keep.
func own(t lookuptest.Tester, b []byte) applookup.Response {
	t.Helper()
	v, err := applookup.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	var r applookup.Response
	v.Clone(&r)
	return r
}

func naiveItem(it applookup.Item) []byte {
	ne := binary.NativeEndian
	b := ne.AppendUint16(nil, 1)
	b = ne.AppendUint16(b, uint16(it.Status))
	b = ne.AppendUint16(b, uint16(it.Orchestrator))
	b = ne.AppendUint16(b, uint16(it.CgroupStatus))
	b = ne.AppendUint32(b, it.PID)
	b = ne.AppendUint32(b, it.PPID)
	b = ne.AppendUint32(b, it.UID)
	b = ne.AppendUint32(b, 0)
	b = ne.AppendUint64(b, it.StartTime)
	at := 60
	for _, s := range []string{it.Comm, it.CgroupPath, it.CgroupName} {
		b = ne.AppendUint32(ne.AppendUint32(b, uint32(at)), uint32(len(s)))
		at += len(s) + 1
	}
	b = ne.AppendUint16(b, uint16(len(it.Labels)))
	b = ne.AppendUint16(b, 0)
	for _, s := range []string{it.Comm, it.CgroupPath, it.CgroupName} {
		b = append(append(b, s...), 0)
	}
	return lookuptest.Labels(b, it.Labels)
}

func naiveResponse(generation uint64, items []applookup.Item) []byte {
	var all [][]byte
	for _, it := range items {
		all = append(all, naiveItem(it))
	}
	return lookuptest.List(generation, all)
}

func naiveRequest(r applookup.Request) []byte {
	var all [][]byte
	for _, pid := range r {
		all = append(all, binary.NativeEndian.AppendUint64(nil, 0))
		binary.NativeEndian.PutUint32(all[len(all)-1], pid)
	}
	return lookuptest.List(0, all)
}
