package service

import (
	"math"
	"math/bits"
	"sync/atomic"
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

// histogram is a Histogram that is being written.
type histogram struct {
	sum     atomic.Int64
	buckets [HistogramBuckets]atomic.Uint64
}

func (h *histogram) note(ns int64) {
	ns = max(ns, 0)
	h.sum.Add(ns)
	h.buckets[min(bits.Len64(uint64(ns)), HistogramBuckets-1)].Add(1)
}

func (h *histogram) add(o *histogram) {
	h.sum.Add(o.sum.Load())
	for i := range h.buckets {
		h.buckets[i].Add(o.buckets[i].Load())
	}
}

func (h *histogram) snapshot() Histogram {
	s := Histogram{Sum: time.Duration(h.sum.Load())}
	for i := range h.buckets {
		s.Buckets[i] = h.buckets[i].Load()
		s.Count += s.Buckets[i]
	}
	return s
}
