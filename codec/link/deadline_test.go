package link_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
)

func TestNow(t *testing.T) {
	a := link.Now()
	if b := link.Now(); a <= 0 || b < a {
		t.Errorf("Now says %d, then %d", a, b)
	}
}

func TestNoDeadline(t *testing.T) {
	var none link.Deadline
	for _, d := range []*link.Deadline{nil, &none} {
		left, bounded := d.Left()
		if d.Start() != 0 || d.Expired() || left != 0 || bounded || !d.Time().IsZero() {
			t.Errorf("%v: started %v, expired %v, left %v %v, time %v", d, d.Start(), d.Expired(), left, bounded, d.Time())
		}
	}
	if none != 0 {
		t.Errorf("no deadline became %d", none)
	}
}

// A budget starts once, with the first question about it, and not before.
func TestWithinProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := time.Duration(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-10, 10), rapid.Just(int64(math.MaxInt64)), rapid.Just(int64(math.MinInt64))).Draw(t, "budget"))
		d := link.Within(budget)
		if d >= 0 {
			t.Fatalf("Within(%v) = %d: not a budget", budget, d)
		}
		before := link.Now()
		at := d.Start()
		after := link.Now()
		if want := max(1, int64(budget)); at <= 0 || int64(at) < before || int64(at)-want > after || want < math.MaxInt64-after && int64(at)-want < before {
			t.Fatalf("started between %d and %d, a budget of %v ends at %d", before, after, budget, at)
		}
		left, bounded := d.Left()
		if d.Start() != at || d != at || !bounded || left < 0 || left > max(1, budget) {
			t.Fatalf("a budget of %v has %v left (%v)", budget, left, bounded)
		}
		if d.Expired() != (link.Now() >= int64(at)) && budget > time.Hour {
			t.Fatalf("a budget of %v is used up", budget)
		}
	})
}

func TestAtProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		off := time.Duration(rapid.Int64Range(-int64(1000*time.Hour), int64(100000*time.Hour)).Draw(t, "offset"))
		now := time.Now()
		d := link.At(now.Add(off))
		if got := d.Time().Sub(now.Add(off)); d <= 0 || got != 0 {
			t.Fatalf("At(now%+v) = %d is %v off", off, d, got)
		}
		if past := off < 0; past && !d.Expired() || off > time.Hour && d.Expired() {
			t.Fatalf("now%+v: expired %v", off, d.Expired())
		}
	})
	for _, c := range []time.Time{{}, time.Unix(0, 0), time.Now().Add(math.MinInt64), time.Now().Add(math.MaxInt64)} {
		if d := link.At(c); d <= 0 || d.Expired() != c.Before(time.Now()) {
			t.Errorf("At(%v) = %d, expired %v", c, d, d.Expired())
		}
	}
}

// In a bubble, where the year is 2000 and no clock is monotonic, everything holds with the fake time.
func TestDeadlineInFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := link.Within(time.Second)
		at := link.At(time.Now().Add(time.Second))
		if link.Now() <= 0 || d.Expired() || at.Expired() || d != at {
			t.Errorf("now %d, budget ends at %d, deadline at %d", link.Now(), d, at)
		}
		tick := time.NewTimer(time.Second - 1)
		<-tick.C
		if left, _ := d.Left(); left != 1 || d.Expired() {
			t.Errorf("a nanosecond before: %v left, expired %v", left, d.Expired())
		}
		if until := time.Until(d.Time()); until != 1 {
			t.Errorf("the deadline is in %v, want 1ns", until)
		}
		tick.Reset(1)
		<-tick.C
		if left, bounded := d.Left(); left != 0 || !bounded || !d.Expired() {
			t.Errorf("at the deadline: %v left, expired %v", left, d.Expired())
		}
	})
}
