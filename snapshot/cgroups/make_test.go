package cgroups

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// TestMakeAllocs: the number of heap objects does not depend on the number of items, and none of the large ones
// holds a pointer.
func TestMakeAllocs(t *testing.T) {
	allocs := func(n int) float64 {
		a := answerOf(t, cgroupList(n))
		return testing.AllocsPerRun(3, func() {
			if c, err := makeContent(a, plain()); err != nil || c.items != n {
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

func TestMaxBytes(t *testing.T) {
	a := answerOf(t, cgroupList(100))
	need := len(a.Payload)
	need += int(mostRows(a.View.Len(), a.View.NamesSize())) + a.View.Len()*indexBytes
	if _, err := makeContent(a, &shape{maxBytes: need}); err != nil {
		t.Errorf("just enough: %v", err)
	}
	if _, err := makeContent(a, &shape{maxBytes: need - 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte less: %v, want ErrTooLarge", err)
	}
}

// TestSharedBytes: items may repeat and overlap (spec 07), so a small payload can claim to hold much. What it
// holds is there as long as it is within bounds; beyond, it is refused before anything is made of it.
func TestSharedBytes(t *testing.T) {
	one := payload.Item{Hash: 1, Name: string(make([]byte, 1<<16)), Path: "/p"}
	b := encode(t, &payload.Snapshot{Items: []payload.Item{one}})
	const entry, times = 8, 1000
	ne := binary.NativeEndian
	ne.PutUint32(b[4:], times)
	const headerSize = 24 // spec 07
	repeated := slices.Clone(b[:headerSize])
	for range times {
		repeated = append(repeated, b[headerSize:headerSize+entry]...)
	}
	repeated = append(repeated, b[headerSize+entry:]...)
	a := decode(t, repeated)
	c, err := makeContent(a, &shape{maxBytes: 2 * times * len(one.Name)})
	if err != nil {
		t.Fatal(err)
	}
	s := publish(t, c, 0).Snapshot()
	if got, ok := s.Lookup(1, one.Name); !ok || got.Owned() != one || s.Len() != times {
		t.Errorf("%d items; found %v", s.Len(), ok)
	}
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := makeContent(a, &shape{maxBytes: DefaultMaxBytes / 8}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v, want ErrTooLarge", err)
		}
	})
	if allocs > 10 {
		t.Errorf("%v allocations for a refusal", allocs)
	}
}

// TestHeapObjects: what a cache keeps of a snapshot is as many objects whether it has few items or 100,000, and none
// of the large ones has a pointer that a garbage collection would have to follow.
func TestHeapObjects(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has objects of its own")
	}
	objects := func(n int) uint64 {
		a := answerOf(t, cgroupList(n))
		count := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.GC() // the second one sees what finalizers of the first let go of
			runtime.ReadMemStats(&m)
			return m.HeapObjects
		}
		least := uint64(math.MaxUint64) // other goroutines of the program may come by objects meanwhile
		for range 5 {
			before := count()
			made, err := makeContent(decode(t, bytes.Clone(a.Payload)), plain())
			if err != nil {
				t.Fatal(err)
			}
			c := publish(t, made, 1)
			after := count()
			if c.Snapshot().Len() != n {
				t.Fatal(c.Snapshot().Len())
			}
			runtime.KeepAlive(c)
			runtime.KeepAlive(a)
			if after > before {
				least = min(least, after-before)
			}
		}
		return least
	}
	small, large := objects(10), objects(100_000)
	t.Logf("%d objects for 10 items, %d for 100,000", small, large)
	if large > small+5 || large > 30 {
		t.Errorf("%d objects for 10 items, %d for 100,000", small, large)
	}
	for _, pointerless := range []reflect.Type{reflect.TypeFor[group](), reflect.TypeFor[byte]()} {
		if hasPointers(pointerless) {
			t.Errorf("%v has pointers, and there are many", pointerless)
		}
	}
}

func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return hasPointers(t.Elem())
	}
	return t.Kind() > reflect.Complex128
}

// TestRowsFit: rows lie where the next one expects, whatever their names, and none reaches into another.
func TestRowsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &payload.Snapshot{Items: items(100).Draw(t, "items")}
		a := answerOf(t, want)
		c, err := makeContent(a, plain())
		if err != nil {
			t.Fatal(err)
		}
		names, rows := uint64(0), 0
		for _, it := range want.Items {
			names += uint64(len(it.Name))
			rows += rowSize(len(it.Name))
		}
		if a.View.NamesSize() != names || len(c.rows) != rows || rows > 0 && cap(c.rows) <= rows {
			t.Fatalf("names have %d bytes, want %d; rows %d, want %d", a.View.NamesSize(), names, len(c.rows), rows)
		}
	})
}
