package cgroupsnapshot_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Encoding, decoding, reading a view and cloning what is there already allocate nothing (spec 07).
func TestNoAllocations(t *testing.T) {
	s := many(50)
	payload := encode(t, &s)
	view, err := cgroupsnapshot.DecodeResponse(payload)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(payload))
	name, path := []byte("name"), []byte("/path")
	var builder cgroupsnapshot.Builder
	var dst cgroupsnapshot.Snapshot
	view.Clone(&dst)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"request", func() {
			n, err := cgroupsnapshot.EncodeRequest(buf, cgroupsnapshot.Request{})
			must(t, err == nil)
			_, err = cgroupsnapshot.DecodeRequest(buf[:n])
			must(t, err == nil)
		}},
		{"decode", func() {
			v, err := cgroupsnapshot.DecodeResponse(payload)
			must(t, err == nil && v.Len() == 50)
		}},
		{"read", func() { must(t, readAll(view) == readByIndex(view)) }},
		{"build", func() {
			err := builder.Reset(buf, nil, 50)
			for i := range s.Items {
				must(t, err == nil)
				err = builder.AddItem(s.Items[i])
			}
			n, err := builder.Finish()
			must(t, err == nil && n == len(payload))
		}},
		{"build from bytes, directory enlarged and closed up", func() {
			must(t, builder.Reset(buf, nil, 1) == nil)
			for range 20 {
				must(t, builder.AddBytes(1, 2, 3, name, path) == nil)
			}
			_, err := builder.Finish()
			must(t, err == nil)
		}},
		{"encode", func() {
			n, err := s.Encode(buf)
			must(t, err == nil && n == len(payload))
		}},
		{"clone again", func() { view.Clone(&dst) }},
		{"hash", func() { must(t, cgroupsnapshot.HashName(name) == cgroupsnapshot.HashName("name")) }},
	} {
		if n := testing.AllocsPerRun(100, c.f); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

// A clone of something new is one allocation for the strings, the items' storage being reused.
func TestCloneAllocatesOnce(t *testing.T) {
	a, b := many(50), many(49)
	va, err := cgroupsnapshot.DecodeResponse(encode(t, &a))
	must(t, err == nil)
	vb, err := cgroupsnapshot.DecodeResponse(encode(t, &b))
	must(t, err == nil)
	var dst cgroupsnapshot.Snapshot
	va.Clone(&dst)
	if n := testing.AllocsPerRun(100, func() { vb.Clone(&dst); va.Clone(&dst) }); n != 2 {
		t.Errorf("two clones: %v allocations, want 2", n)
	}
}

func readAll(v cgroupsnapshot.ResponseView) uint64 {
	sum := v.Generation() + uint64(v.SystemdEnabled())
	for _, it := range v.All() {
		sum += read(it)
	}
	return sum
}

func readByIndex(v cgroupsnapshot.ResponseView) uint64 {
	sum := v.Generation() + uint64(v.SystemdEnabled())
	for i := range v.Len() {
		sum += read(v.Item(i))
	}
	return sum
}

func read(it cgroupsnapshot.ItemView) uint64 {
	return uint64(it.Hash()) + uint64(it.Options()) + uint64(it.Enabled()) + uint64(it.Name().Len()) + uint64(it.Path().Len())
}
