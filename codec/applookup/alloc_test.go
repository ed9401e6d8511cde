package applookup_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// Encoding, decoding, reading a view and cloning what is there already allocate nothing (spec 07), whether the
// answer fits or not.
func TestNoAllocations(t *testing.T) {
	r := many(50)
	payload, request := encode(t, &r), pids(r.Items)
	asked := encodeRequest(t, request)
	view, err := applookup.DecodeResponse(payload)
	lookuptest.Must(t, err == nil)
	req := ask(t, request)
	buf := make([]byte, len(payload)+8)
	encoded := encodedOf(t, r.Items)
	var builder applookup.Builder
	var dst applookup.Response
	view.Clone(&dst)
	answer := func(budget int) int {
		err := builder.Reset(buf, nil, budget, req)
		for i := range r.Items {
			lookuptest.Must(t, err == nil)
			err = builder.Add(r.Items[i])
		}
		n, err := builder.Finish()
		lookuptest.Must(t, err == nil)
		return n
	}
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"request", func() {
			n, err := applookup.EncodeRequest(buf, request)
			lookuptest.Must(t, err == nil && n == request.Size() && request.Fit(n, len(buf)) == 50)
		}},
		{"decode request", func() {
			v, err := applookup.DecodeRequest(asked)
			lookuptest.Must(t, err == nil)
			for i, pid := range v.All() {
				lookuptest.Must(t, pid == request[i])
			}
		}},
		{"decode", func() {
			v, err := applookup.DecodeResponse(payload)
			lookuptest.Must(t, err == nil && v.Len() == 50)
		}},
		{"read", func() { lookuptest.Must(t, readAll(view) == readByIndex(view)) }},
		{"build", func() { lookuptest.Must(t, answer(len(buf)) == len(payload)) }},
		{"build of what is encoded", func() {
			lookuptest.Must(t, builder.Reset(buf, nil, len(buf), req) == nil)
			for _, e := range encoded {
				lookuptest.Must(t, builder.AddEncoded(e) == nil)
			}
			n, err := builder.Finish()
			lookuptest.Must(t, err == nil && n == len(payload))
		}},
		{"build what does not fit", func() { lookuptest.Must(t, answer(len(payload)-1) < len(payload)) }},
		{"build what is unknown", func() {
			lookuptest.Must(t, builder.Reset(buf, nil, len(buf), req) == nil)
			for range req.All() {
				lookuptest.Must(t, builder.Unknown() == nil)
			}
			_, err := builder.Finish()
			lookuptest.Must(t, err == nil)
		}},
		{"encode", func() {
			n, err := r.Encode(buf)
			lookuptest.Must(t, err == nil && n == len(payload))
		}},
		{"clone again", func() { view.Clone(&dst) }},
		{"name", func() {
			lookuptest.Must(t, view.Item(0).Status().String() == "KNOWN" && view.Item(1).CgroupStatus().String() == "HOST_ROOT")
		}},
	} {
		if n := testing.AllocsPerRun(100, c.f); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

// A clone of something new is one allocation for the strings, the storage of items and labels being reused.
func TestCloneAllocatesOnce(t *testing.T) {
	a, b := many(50), many(49)
	va, err := applookup.DecodeResponse(encode(t, &a))
	lookuptest.Must(t, err == nil)
	vb, err := applookup.DecodeResponse(encode(t, &b))
	lookuptest.Must(t, err == nil)
	var dst applookup.Response
	va.Clone(&dst)
	if n := testing.AllocsPerRun(100, func() { vb.Clone(&dst); va.Clone(&dst) }); n != 2 {
		t.Errorf("two clones: %v allocations, want 2", n)
	}
	req := ask(t, pids(a.Items))
	var kept applookup.Request
	req.Clone(&kept)
	if n := testing.AllocsPerRun(100, func() { req.Clone(&kept) }); n != 0 {
		t.Errorf("a clone of a request: %v allocations, want none", n)
	}
	if n := testing.AllocsPerRun(100, func() { va.Item(3).Owned() }); n > 4 {
		t.Errorf("an owned item: %v allocations, want the text and the labels", n)
	}
}

func readAll(v applookup.ResponseView) uint64 {
	sum := v.Generation()
	for _, it := range v.All() {
		sum += read(it)
		for key, value := range it.Labels().All() {
			sum += uint64(key.Len()) + 3*uint64(value.Len())
		}
	}
	return sum
}

func readByIndex(v applookup.ResponseView) uint64 {
	sum := v.Generation()
	for i := range v.Len() {
		it := v.Item(i)
		sum += read(it)
		labels := it.Labels()
		for k := range labels.Len() {
			key, value := labels.At(k)
			sum += uint64(key.Len()) + 3*uint64(value.Len())
		}
	}
	return sum
}

func read(it applookup.ItemView) uint64 {
	return uint64(it.Status()) + uint64(it.CgroupStatus()) + uint64(it.Orchestrator()) +
		uint64(it.PID()) + uint64(it.PPID()) + uint64(it.UID()) + it.StartTime() +
		uint64(it.Comm().Len()) + uint64(it.CgroupPath().Len()) + uint64(it.CgroupName().Len())
}
