package side

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPaced(t *testing.T) {
	var clock time.Duration
	cpu := func() (time.Duration, error) { return clock, nil }
	trips := 0
	s, err := Paced(t.Context(), 5*time.Millisecond, 1000, cpu, func() error {
		trips++
		clock += 3 * time.Microsecond
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if trips != 21 {
		t.Errorf("%d trips, want 20 and the first", trips)
	}
	got := map[string]float64{}
	for _, m := range s {
		got[m.Name] = m.Value
	}
	if got[CPU] != 3000 {
		t.Errorf("%v ns of processor time a trip, want 3000", got[CPU])
	}
	if got[Rate] <= 0 || got[Rate] > 1000 {
		t.Errorf("%v a second, want at most 1000", got[Rate])
	}
	if got[P50] > got[P95] || got[P95] > got[P99] || got[P99] > got[P999] {
		t.Errorf("percentiles out of order: %v", got)
	}
}

func TestPacedEnds(t *testing.T) {
	cpu := func() (time.Duration, error) { return 0, nil }
	broken := errors.New("broken")
	n := 0
	fails := func() error {
		if n++; n > 3 {
			return broken
		}
		return nil
	}
	if _, err := Paced(t.Context(), time.Second, 10_000, cpu, fails); !errors.Is(err, broken) {
		t.Errorf("%v, want what the trip said", err)
	}
	if _, err := Paced(t.Context(), time.Second, 1000, func() (time.Duration, error) { return 0, broken }, func() error { return nil }); !errors.Is(err, broken) {
		t.Errorf("%v, want what the clock said", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Paced(ctx, time.Hour, 100_000, cpu, func() error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
