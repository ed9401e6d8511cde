package cgroups

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// TestMakeAllocs: the number of heap objects does not depend on the number of items, and none of the large ones
// holds a pointer.
func TestMakeAllocs(t *testing.T) {
	allocs := func(n int) float64 {
		a := answerOf(t, cgroupList(n))
		return testing.AllocsPerRun(3, func() {
			again := &answer{View: a.View, Payload: a.Payload} // one that has no copy yet
			if c, err := makeContent(again, mostBytes); err != nil || c.items != n {
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
	for _, it := range a.View.All() {
		need += rowSize(it.Name().Len()) + indexBytes
	}
	if _, err := makeContent(a, need); err != nil {
		t.Errorf("just enough: %v", err)
	}
	if _, err := makeContent(a, need-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte less: %v, want ErrTooLarge", err)
	}
}

// TestSharedBytes: items may repeat and overlap (spec 07), so a small payload can claim to hold much. What it
// holds is there as long as it is within bounds; beyond, it is refused before anything is made of it.
func TestSharedBytes(t *testing.T) {
	one := Item{Hash: 1, Name: string(make([]byte, 1<<16)), Path: "/p"}
	b := encode(t, &payload.Snapshot{Items: []Item{one}})
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
	c, err := makeContent(a, 2*times*len(one.Name))
	if err != nil {
		t.Fatal(err)
	}
	s := publish(t, c, 0).Snapshot()
	if got, ok := s.Lookup(1, one.Name); !ok || got != one || s.Len() != times {
		t.Errorf("%d items; found %v", s.Len(), ok)
	}
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := makeContent(a, DefaultMaxBytes/8); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v, want ErrTooLarge", err)
		}
	})
	if allocs > 10 {
		t.Errorf("%v allocations for a refusal", allocs)
	}
}

func TestOffsetIn(t *testing.T) {
	whole := make([]byte, 10)
	for from := range whole {
		for to := from + 1; to <= len(whole); to++ {
			if got := offsetIn(whole, whole[from:to:to]); got != from {
				t.Errorf("[%d:%d] lies at %d", from, to, got)
			}
		}
	}
	for name, part := range map[string][]byte{
		"before":     whole[:5],
		"after":      whole[9:10],
		"longer":     whole[6:10],
		"from aside": make([]byte, 3),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			offsetIn(whole[5:9], part)
		}()
	}
	if offsetIn(whole, nil) != 0 || offsetIn(whole, whole[10:]) != 0 {
		t.Error("an empty part lies at 0")
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
			a := &answer{View: a.View, Payload: a.Payload} // one that has no copy yet
			before := count()
			made, err := makeContent(a, mostBytes)
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
