package cgroupsnapshot_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// many returns a snapshot of n items of all lengths.
func many(n int) cgroupsnapshot.Snapshot {
	s := cgroupsnapshot.Snapshot{Generation: uint64(n), Items: make([]cgroupsnapshot.Item, n)}
	for i := range s.Items {
		name := fmt.Sprintf("unit-%d.%s", i, strings.Repeat("s", i%23))
		s.Items[i] = cgroupsnapshot.Item{
			Hash: cgroupsnapshot.HashName(name), Options: uint32(i), Enabled: 1,
			Name: name, Path: "/sys/fs/cgroup/system.slice/" + name,
		}
	}
	return s
}

// What was cloned or owned does not change when the payload's buffer does.
func TestOwnedOutlivesThePayload(t *testing.T) {
	b := golden.Bytes(t, responseText)
	v, err := cgroupsnapshot.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	var s cgroupsnapshot.Snapshot
	v.Clone(&s)
	it := v.Item(0).Owned()
	clear(b)
	if diff := cmp.Diff(snapshotGolden, s, equal); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(snapshotGolden.Items[0], it); diff != "" {
		t.Error(diff)
	}
}

// Clone into one Snapshot, again and again: longer, shorter, equal, after the owner changed things.
func TestCloneReuses(t *testing.T) {
	var s cgroupsnapshot.Snapshot
	kept := map[string]string{}
	for _, n := range []int{0, 3, 200, 200, 1, 0, 200, 7} {
		want := many(n)
		v, err := cgroupsnapshot.DecodeResponse(encode(t, &want))
		if err != nil {
			t.Fatal(err)
		}
		v.Clone(&s)
		if diff := cmp.Diff(want, s, equal); diff != "" {
			t.Fatalf("%d items: %s", n, diff)
		}
		for _, it := range s.Items[:min(n, 2)] {
			kept[strings.Clone(it.Path)] = it.Path
		}
		for i := range s.Items {
			s.Items[i].Name = "scribble"
		}
		v.Clone(&s)
		if diff := cmp.Diff(want, s, equal); diff != "" {
			t.Fatalf("%d items, after scribbling: %s", n, diff)
		}
	}
	for _, it := range s.Items[:cap(s.Items)][len(s.Items):] {
		if it != (cgroupsnapshot.Item{}) {
			t.Errorf("what is no longer there is still held: %v", it)
		}
	}
	for want, got := range kept {
		if got != want {
			t.Errorf("a kept string became %q, was %q", got, want)
		}
	}
}

// Another snapshot of the same size is another snapshot.
func TestCloneOfTheSameSize(t *testing.T) {
	a, b := many(3), many(3)
	b.Items[2].Path = "/" + b.Items[2].Path[:len(b.Items[2].Path)-1]
	var s cgroupsnapshot.Snapshot
	for _, want := range []cgroupsnapshot.Snapshot{a, b, a} {
		v, err := cgroupsnapshot.DecodeResponse(encode(t, &want))
		if err != nil {
			t.Fatal(err)
		}
		v.Clone(&s)
		if diff := cmp.Diff(want, s, equal); diff != "" {
			t.Error(diff)
		}
	}
}

// Many entries may name one large item. Copying that is one copy of the payload, not one an entry.
func TestCloneOfRepeatedItems(t *testing.T) {
	one := cgroupsnapshot.Snapshot{Items: []cgroupsnapshot.Item{{Path: strings.Repeat("p", 1<<20)}}}
	b := encode(t, &one)
	const n = 1 << 16
	entry := append([]byte(nil), b[24:32]...)
	packed := append([]byte(nil), b[32:]...)
	change{4, n, 32}.apply(b)
	b = b[:24]
	for range n {
		b = append(b, entry...)
	}
	b = append(b, packed...)
	s := own(t, b)
	if len(s.Items) != n || s.Items[n-1].Path != one.Items[0].Path {
		t.Fatalf("%d items", len(s.Items))
	}
	// Encoded as they are, they would be 64 GiB.
	if size, err := s.Size(); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("size %d, %v: larger than a payload can be", size, err)
	}
	if _, err := s.Encode(make([]byte, 1<<22)); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("encoded into 4 MiB: %v", err)
	}
}

func TestEncodeOverflow(t *testing.T) {
	s := snapshotGolden
	size, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	for n := range size {
		if got, err := s.Encode(make([]byte, n)); !errors.Is(err, codec.ErrOverflow) || got != 0 {
			t.Errorf("%d bytes in %d: %d, %v", size, n, got, err)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, change := range []func(s *cgroupsnapshot.Snapshot){
		func(s *cgroupsnapshot.Snapshot) { s.Generation++ },
		func(s *cgroupsnapshot.Snapshot) { s.SystemdEnabled++ },
		func(s *cgroupsnapshot.Snapshot) { s.Items = s.Items[:2] },
		func(s *cgroupsnapshot.Snapshot) { s.Items[1].Path = "x" },
	} {
		a, b := many(3), many(3)
		if !a.Equal(b) {
			t.Fatal("equal snapshots differ")
		}
		if change(&b); a.Equal(b) {
			t.Errorf("%v equals %v", a, b)
		}
	}
}

func TestZeroView(t *testing.T) {
	var v cgroupsnapshot.ResponseView
	s := many(3)
	v.Clone(&s)
	if diff := cmp.Diff(cgroupsnapshot.Snapshot{}, s, equal); diff != "" || v.Len() != 0 {
		t.Errorf("the zero view is not empty: %s", diff)
	}
}

// Offsets are u32: the largest payload is math.MaxUint32 bytes, or what an int holds.
func TestSizeStopsAtU32(t *testing.T) {
	long := strings.Repeat("x", 1<<24)
	s := cgroupsnapshot.Snapshot{Items: make([]cgroupsnapshot.Item, 256)}
	for i := range s.Items {
		s.Items[i].Path = long
	}
	if n, err := s.Size(); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("%d bytes, %v: more than %d", n, err, uint32(math.MaxUint32))
	}
}
