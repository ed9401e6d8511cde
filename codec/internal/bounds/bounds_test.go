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
