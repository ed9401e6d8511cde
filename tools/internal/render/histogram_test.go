package render_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1000: "1.00 us", 9699: "9.70 us", 99_960: "100 us", 999_499: "999 us", 999_500: "1.00 ms",
		12_345_678: "12.3 ms", 999_500_000: "1.00 s", 75 * time.Second: "75.0 s", time.Hour: "3600 s",
	} {
		if got := render.Duration(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func TestScale(t *testing.T) {
	var s render.Scale
	if got := s.Buckets(); len(got) != 0 {
		t.Errorf("nothing counted: %v", got)
	}
	all := []int64{-1, 0, 1, 9, 10, 14, 15, 1000, 1500, 1e9, math.MaxInt64}
	for _, ns := range all {
		s.Note(ns)
	}
	buckets := s.Buckets()
	sum := int64(0)
	for i, b := range buckets {
		if i > 0 && b.From != buckets[i-1].To {
			t.Errorf("a gap before %+v", b)
		}
		n := int64(0)
		for _, ns := range all {
			if ns := max(ns, 0); b.From <= ns && (ns < b.To || b.To == math.MaxInt64) {
				n++
			}
		}
		if n != b.Count {
			t.Errorf("%+v should have counted %d", b, n)
		}
		sum += b.Count
	}
	if sum != int64(len(all)) || buckets[0].Count == 0 || buckets[len(buckets)-1].Count == 0 {
		t.Errorf("%d of %d counted: %v", sum, len(all), buckets)
	}
}

func TestBars(t *testing.T) {
	var b strings.Builder
	render.Bars(&b, []render.Bucket{{1000, 1500, 3}, {1500, 2000, 0}, {2000, 3000, 100_000}, {3000, math.MaxInt64, 50_000}}, false)
	want := "" +
		"      1 us - 1.5 us     0.002 % .\n" +
		"    1.5 us - 2 us       0.000 %\n" +
		"      2 us - 3 us      66.665 % " + strings.Repeat("#", 48) + "\n" +
		"      3 us - more      33.333 % " + strings.Repeat("#", 24) + "\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
