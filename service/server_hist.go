package service

import (
	"math"
	"math/bits"
	"time"
)

// HistogramBuckets is the number of buckets of a Histogram.
const HistogramBuckets = 40

// Histogram counts durations by their magnitude: bucket i holds those below 2^i ns that no bucket before it
// holds; the last one, whose bound is about nine minutes, all longer ones too. A plain value.
type Histogram struct {
	Count   uint64
	Sum     time.Duration
	Buckets [HistogramBuckets]uint64
}

// HistogramBound returns the bound of bucket i: its durations are shorter.
func HistogramBound(i int) time.Duration { return 1 << i }

// Quantile returns a bound that a share q (0 to 1) of the durations does not reach: at most twice the true
// value. 0 if nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.Count == 0 {
		return 0
	}
	need := uint64(math.Ceil(q * float64(h.Count)))
	seen := uint64(0)
	for i, n := range h.Buckets {
		seen += n
		if n > 0 && seen >= need {
			return HistogramBound(i)
		}
	}
	return HistogramBound(HistogramBuckets - 1)
}

// Mean returns the mean duration, 0 if nothing was counted.
func (h *Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

func (h *Histogram) note(ns int64) {
	ns = max(ns, 0)
	h.Count++
	h.Sum += time.Duration(ns)
	h.Buckets[min(bits.Len64(uint64(ns)), HistogramBuckets-1)]++
}

func (h *Histogram) add(o *Histogram) {
	h.Count += o.Count
	h.Sum += o.Sum
	for i := range h.Buckets {
		h.Buckets[i] += o.Buckets[i]
	}
}
