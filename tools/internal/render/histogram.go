package render

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bucket counts durations from From to below To, in nanoseconds.
type Bucket struct {
	From  int64 `json:"from_ns"`
	To    int64 `json:"to_ns"`
	Count int64 `json:"count"`
}

// Scale counts durations in buckets whose bounds are round numbers, six to a decade. The zero value is ready.
type Scale struct{ counts []int64 }

// bounds are where buckets begin: 0, 1, 2, 3, 5, 7, 10, 15, 20, ... nanoseconds; the last one has no end.
var bounds = func() []int64 {
	b := []int64{0, 1, 2, 3, 5, 7}
	for decade := int64(10); decade <= int64(100*time.Second); decade *= 10 {
		for _, tenths := range []int64{10, 15, 20, 30, 50, 70} {
			b = append(b, decade/10*tenths)
		}
	}
	return b
}()

// Note counts a duration in nanoseconds.
func (s *Scale) Note(ns int64) {
	if s.counts == nil {
		s.counts = make([]int64, len(bounds))
	}
	i, exact := slices.BinarySearch(bounds, max(ns, 0))
	if !exact {
		i--
	}
	s.counts[i]++
}

// Buckets returns the buckets from the first that counted anything to the last, those between included.
func (s *Scale) Buckets() []Bucket {
	all := []Bucket{}
	used := 0 // up to the last that counted
	for i, n := range s.counts {
		if n == 0 && len(all) == 0 {
			continue
		}
		to := int64(math.MaxInt64)
		if i+1 < len(bounds) {
			to = bounds[i+1]
		}
		all = append(all, Bucket{bounds[i], to, n})
		if n > 0 {
			used = len(all)
		}
	}
	return all[:used]
}

// barWidth is how long the longest bar is.
const barWidth = 48

// Bars draws buckets. Those that counted something have at least the shortest mark.
func Bars(w io.Writer, buckets []Bucket, style Style) {
	most, sum := int64(1), int64(0)
	for _, b := range buckets {
		most = max(most, b.Count)
		sum += b.Count
	}
	for _, b := range buckets {
		n := int(math.Round(float64(b.Count) / float64(most) * barWidth))
		bar := strings.Repeat("#", n)
		if n == 0 && b.Count > 0 {
			bar = "."
		}
		to := round(b.To)
		if b.To == math.MaxInt64 {
			to = "more"
		}
		line := fmt.Sprintf("  %8s - %-8s %7.3f %%", round(b.From), to, 100*float64(b.Count)/float64(sum))
		if bar != "" {
			line += " " + style.Good(bar)
		}
		fmt.Fprintln(w, line)
	}
}

// Duration writes a duration with three significant digits: "9.70 us", "103 ms", "12.3 s".
func Duration(d time.Duration) string {
	switch {
	case d < 1000:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < 999_500:
		return threeDigits(float64(d)/1e3) + " us"
	case d < 999_500_000:
		return threeDigits(float64(d)/1e6) + " ms"
	}
	return threeDigits(d.Seconds()) + " s"
}

func threeDigits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// round writes a duration that has few digits: "1.5 us".
func round(ns int64) string {
	switch d := float64(ns); {
	case d < 1e3:
		return fmt.Sprintf("%g ns", d)
	case d < 1e6:
		return fmt.Sprintf("%g us", d/1e3)
	case d < 1e9:
		return fmt.Sprintf("%g ms", d/1e6)
	default:
		return fmt.Sprintf("%g s", d/1e9)
	}
}
