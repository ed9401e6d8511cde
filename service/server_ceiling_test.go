package service

import (
	"math"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Where the response limit begins and how far it grows.
func TestCeiling(t *testing.T) {
	for _, c := range []struct{ start, top, begins, ends uint32 }{
		{0, 0, link.DefaultResponseCeiling, link.GrowthCeiling},
		{0, 5000, 5000, 5000},
		{1000, 5000, 1000, 5000},
		{9000, 5000, 5000, 5000},
		{1000, 0, 1000, link.GrowthCeiling},
		{2 << 20, 0, 2 << 20, 2 << 20},
		{1 << 31, math.MaxUint32, 1 << 31, math.MaxUint32},
	} {
		var l ceiling
		l.init(c.start, c.top)
		if got := l.now(); got != c.begins {
			t.Errorf("%+v: begins with %d", c, got)
		}
		for range 40 {
			before := l.now()
			l.tooLow(before)
			if got := l.now(); uint64(got) != min(2*uint64(before), uint64(c.ends)) {
				t.Fatalf("%+v: %d after %d", c, got, before)
			}
		}
		if got := l.now(); got != c.ends {
			t.Errorf("%+v: ends with %d", c, got)
		}
	}
}
