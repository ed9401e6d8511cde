package cgroups

import (
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// TestMakeAllocs: the number of heap objects does not depend on the number of items, and none of the large ones
// holds a pointer.
func TestMakeAllocs(t *testing.T) {
	allocs := func(n int) float64 {
		v := viewOf(t, cgroupList(n))
		return testing.AllocsPerRun(3, func() {
			if c, err := makeContent(v, mostBytes); err != nil || c.items != n {
				t.Fatal(err)
			}
		})
	}
	small, large := allocs(1000), allocs(100_000)
	t.Logf("%v allocations for 1,000 items, %v for 100,000", small, large)
	if small != large || large > 12 {
		t.Errorf("%v allocations for 1,000 items, %v for 100,000; want as many, and at most 12", small, large)
	}
}

// TestEquals: equals is true exactly if there is nothing new, and sees every single difference.
func TestEquals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := &payload.Snapshot{Items: items(20).Draw(t, "items"), SystemdEnabled: 1}
		s := snapshotOf(t, is)
		is.Generation++
		if !s.equals(viewOf(t, is)) {
			t.Fatal("the same again is taken for something else")
		}
		if len(is.Items) == 0 {
			return
		}
		it := &is.Items[rapid.IntRange(0, len(is.Items)-1).Draw(t, "which")]
		rapid.SampledFrom([]func(){
			func() { it.Hash++ },
			func() { it.Options ^= 1 << 31 },
			func() { it.Enabled++ },
			func() { it.Name += "x" },
			func() { it.Path = "x" + it.Path },
			func() { is.SystemdEnabled++ },
			func() { is.Items = is.Items[1:] },
			func() { is.Items = append(is.Items, Item{}) },
		}).Draw(t, "change")()
		if s.equals(viewOf(t, is)) {
			t.Fatal("a difference was not seen")
		}
	})
}

func TestMaxBytes(t *testing.T) {
	v := viewOf(t, cgroupList(100))
	need := 0
	for _, it := range v.All() {
		need += rowSize(it.Name().Len()) + it.Path().Len() + indexBytes
	}
	if _, err := makeContent(v, need); err != nil {
		t.Errorf("just enough: %v", err)
	}
	if _, err := makeContent(v, need-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte less: %v, want ErrTooLarge", err)
	}
}

// TestSharedBytes: items may repeat and overlap (spec 07), so a small payload can claim to hold much. What it
// holds is there as long as it is within bounds; beyond, it is refused before anything is made of it.
func TestSharedBytes(t *testing.T) {
	one := Item{Hash: 1, Name: string(make([]byte, 1<<16)), Path: "/p"}
	b := encode(t, &payload.Snapshot{Items: []Item{one}})
	const header, entry, times = 24, 8, 1000
	ne := binary.NativeEndian
	ne.PutUint32(b[4:], times)
	repeated := append([]byte(nil), b[:header]...)
	for range times {
		repeated = append(repeated, b[header:header+entry]...)
	}
	repeated = append(repeated, b[header+entry:]...)
	v, err := payload.DecodeResponse(repeated)
	if err != nil {
		t.Fatal(err)
	}
	c, err := makeContent(v, 2*times*len(one.Name))
	if err != nil {
		t.Fatal(err)
	}
	s := &Snapshot{content: c}
	if got, ok := s.Lookup(1, one.Name); !ok || got != one || s.Len() != times {
		t.Errorf("%d items; found %v", s.Len(), ok)
	}
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := makeContent(v, DefaultMaxBytes/8); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v, want ErrTooLarge", err)
		}
	})
	if allocs > 10 {
		t.Errorf("%v allocations for a refusal", allocs)
	}
}
