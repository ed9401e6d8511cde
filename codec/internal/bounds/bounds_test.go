package bounds

import (
	"math"
	"testing"
)

func TestAlignUp(t *testing.T) {
	for _, c := range []struct{ n, want uint64 }{
		{0, 0}, {1, 8}, {7, 8}, {8, 8}, {9, 16}, {math.MaxUint32, 1 << 32},
	} {
		if got := AlignUp(c.n); got != c.want {
			t.Errorf("AlignUp(%d) = %d, want %d", c.n, got, c.want)
		}
	}
}

func TestWithinDoesNotWrap(t *testing.T) {
	for _, c := range []struct {
		off, length uint32
		size        int
		want        bool
	}{
		{0, 0, 0, true},
		{0, 1, 0, false},
		{8, 8, 16, true},
		{8, 9, 16, false},
		{math.MaxUint32, 1, 16, false},              // wraps to 0 in 32 bits
		{math.MaxUint32, math.MaxUint32, 16, false}, // and this one nearly does twice
		{0xfffffff8, 8, 0, false},
	} {
		if got := Within(c.off, c.length, c.size); got != c.want {
			t.Errorf("Within(%d, %d, %d) = %v", c.off, c.length, c.size, got)
		}
	}
}
