package lookup

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

// Three keys whose shortest items take 35, 38 and 33 bytes: 16 + 3*8 + 40 + 40 + 33 = 153 bytes at least.
var shortest3 = []uint64{35, 38, 33}

const (
	rounded3 = 40 + 40 + 40
	least3   = 40 + 40 + 40 + 33
)

// One row is one decision of spec 07 and 15-c at its edge. KNOWN items have their sizes, others 0.
func TestAnswer(t *testing.T) {
	const known, other, oversized, exceeded = "known", "other", "oversized", "exceeded"
	for _, c := range []struct {
		budget int
		sizes  [3]uint64
		want   [3]string
		size   int
	}{
		{least3, [3]uint64{0, 0, 0}, [3]string{other, other, other}, least3},
		{least3, [3]uint64{35, 0, 0}, [3]string{known, other, other}, least3},
		{least3, [3]uint64{40, 40, 0}, [3]string{known, known, other}, least3},
		{least3, [3]uint64{41, 0, 0}, [3]string{oversized, other, other}, least3},
		{least3 + 7, [3]uint64{41, 0, 0}, [3]string{oversized, other, other}, least3},
		{least3 + 8, [3]uint64{41, 0, 0}, [3]string{known, other, other}, least3 + 8},
		{least3, [3]uint64{0, 41, 0}, [3]string{other, exceeded, exceeded}, least3},
		{least3, [3]uint64{0, 41, 33}, [3]string{other, exceeded, exceeded}, least3},
		{least3 + 8, [3]uint64{0, 41, 0}, [3]string{other, known, other}, least3 + 8},
		{least3 + 6, [3]uint64{0, 0, 33}, [3]string{other, other, exceeded}, least3}, // its end rounded up: least3+7
		{least3 + 7, [3]uint64{0, 0, 33}, [3]string{other, other, known}, least3},
		{least3 + 7, [3]uint64{0, 0, 40}, [3]string{other, other, known}, least3 + 7},
		{least3 + 7, [3]uint64{0, 0, 41}, [3]string{other, other, exceeded}, least3},
		{least3 + 7, [3]uint64{41, 41, 40}, [3]string{oversized, exceeded, exceeded}, least3},
		{least3 + 15, [3]uint64{49, 48, 40}, [3]string{oversized, known, known}, least3 + 15},
		{math.MaxInt, [3]uint64{math.MaxUint32, 0, 0}, [3]string{oversized, other, other}, least3},
	} {
		t.Run(fmt.Sprintf("%d/%d", c.budget, c.sizes), func(t *testing.T) {
			var a Answer
			if err := a.Begin(make([]byte, 1024), nil, c.budget, 3, rounded3, 33); err != nil {
				t.Fatal(err)
			}
			for i, size := range c.sizes {
				if !a.Missing() || a.Answered() != i || a.Full() != (i > 0 && c.want[i-1] == exceeded) {
					t.Errorf("before item %d: %d answered, full: %v", i, a.Answered(), a.Full())
				}
				var item []byte
				var fate Fate
				if size != 0 {
					item, fate = a.Known(size, shortest3[i])
				} else {
					item, fate = a.Shortest(shortest3[i])
				}
				got := map[Fate]string{Fits: known, Oversized: oversized, Exceeded: exceeded}[fate]
				if size == 0 && fate == Fits {
					got = other
				}
				if want := map[bool]uint64{true: size, false: shortest3[i]}[got == known]; uint64(len(item)) != want {
					t.Errorf("item %d has %d bytes, want %d", i, len(item), want)
				}
				if got != c.want[i] {
					t.Errorf("item %d is %s, want %s", i, got, c.want[i])
				}
			}
			if b := a.Finish(7); len(b) != c.size || cap(b) != c.size || a.Missing() {
				t.Errorf("%d bytes, want %d", len(b), c.size)
			}
		})
	}
}

func TestAnswerWithoutRoom(t *testing.T) {
	for _, c := range []struct {
		buffer, budget int
		fits           bool
	}{
		{least3, math.MaxInt, true}, {least3 - 1, math.MaxInt, false}, {1024, least3, true}, {1024, least3 - 1, false},
		{1024, 0, false}, {1024, -1, false}, {0, math.MaxInt, false},
	} {
		var a Answer
		err := a.Begin(make([]byte, c.buffer), nil, c.budget, 3, rounded3, 33)
		if (err == nil) != c.fits || !c.fits && !errors.Is(err, codec.ErrOverflow) {
			t.Errorf("%d bytes, budget %d: %v", c.buffer, c.budget, err)
		}
	}
	var zero Answer
	if zero.Finish(1) != nil || zero.Missing() {
		t.Error("an answer that was never begun")
	}
	if err := zero.Begin(make([]byte, 16), nil, 16, 0, 0, 0); err != nil || len(zero.Finish(1)) != 16 {
		t.Errorf("an answer to no keys: %v", err)
	}
}

// What Grow gives in between is kept, and never is more asked for than the budget.
func TestAnswerGrows(t *testing.T) {
	var last []byte
	var a Answer
	err := a.Begin(nil, func(n int) ([]byte, error) {
		if n > 312 {
			t.Errorf("asked for %d bytes of a budget of 312", n)
		}
		last = append(make([]byte, 0, n), last...)[:n]
		return last, nil
	}, 312, 3, rounded3, 33)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []uint64{1, 100, 40} {
		item, fate := a.Known(size+40, shortest3[i])
		if fate != Fits {
			t.Fatalf("item %d: fate %d", i, fate)
		}
		for k := range item {
			item[k] = byte('a' + i)
		}
	}
	l, generation, err := OpenResponse("test", a.Finish(9), func([]byte) bool { return true }, nil)
	if err != nil || generation != 9 || l.Item(0)[40] != 'a' || l.Item(1)[139] != 'b' || l.Item(2)[79] != 'c' {
		t.Errorf("generation %d, %v", generation, err)
	}
}
