package cache

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/service"
)

// script is a source that does what it is told, and notes when it was asked.
type script struct {
	began time.Time
	asked []time.Duration
	next  func(n int) error // what the n-th Fetch does, from 0
}

func (s *script) Ready() bool                           { return true }
func (s *script) Refresh(context.Context) (bool, error) { return false, nil }
func (s *script) Close() error                          { return nil }
func (s *script) Fetch(ctx context.Context, _ *Snapshot[int]) (Fetched[int], error) {
	if err := ctx.Err(); err != nil {
		return Fetched[int]{}, err
	}
	s.asked = append(s.asked, time.Since(s.began))
	return Fetched[int]{Value: len(s.asked)}, s.next(len(s.asked) - 1)
}

func newScripted(cfg Config, next func(n int) error) (*Cache[int], *script) {
	s := &script{began: time.Now(), next: next}
	return New(s, cfg), s
}

var errScripted = errors.New("scripted")

// runFor runs a cache in virtual time and returns when it asked. What is left of the second that follows is for
// the last refresh.
func runFor(t *testing.T, cfg Config, interval, d time.Duration, next func(n int) error) []time.Duration {
	t.Helper()
	var asked []time.Duration
	synctest.Test(t, func(t *testing.T) {
		c, s := newScripted(cfg, next)
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), d, enough)
		defer cancel()
		if err := c.Run(ctx, interval); err != enough {
			t.Errorf("Run = %v, want the cause of its context", err)
		}
		asked = s.asked
	})
	return asked
}

func seconds(s ...float64) (d []time.Duration) {
	for _, s := range s {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

func TestRunWaits(t *testing.T) {
	good := func(int) error { return nil }
	bad := func(int) error { return errScripted }
	for _, test := range []struct {
		name          string
		cfg           Config
		interval, run float64
		next          func(n int) error
		want          []time.Duration
	}{
		{"good", Config{}, 3, 10, good, seconds(0, 3, 6, 9)},
		{"backoff", Config{}, 3, 50, bad, seconds(0, 1, 3, 7, 15, 25, 35, 45)},
		{"backoff, short interval", Config{MaxBackoff: time.Second}, 0.1, 5, bad, seconds(0, .1, .3, .7, 1.5, 2.5, 3.5, 4.5)},
		{"backoff, long interval", Config{}, 60, 200, bad, seconds(0, 1, 3, 7, 15, 31, 63, 123, 183)},
		{"recovers", Config{}, 3, 16, func(n int) error {
			if n%4 == 3 {
				return nil
			}
			return errScripted
		}, seconds(0, 1, 3, 7, 10, 11, 13)},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Jitter = -1
			run := seconds(test.run)[0] - time.Millisecond
			if got := runFor(t, test.cfg, seconds(test.interval)[0], run, test.next); !slices.Equal(got, test.want) {
				t.Errorf("asked at %v, want %v", got, test.want)
			}
		})
	}
}

func TestRunJitter(t *testing.T) {
	asked := runFor(t, Config{}, time.Second, 1000*time.Second, func(int) error { return nil })
	least, most := time.Hour, time.Duration(0)
	for i := range len(asked) - 1 {
		wait := asked[i+1] - asked[i]
		least, most = min(least, wait), max(most, wait)
	}
	if least < 900*time.Millisecond || most > 1100*time.Millisecond {
		t.Errorf("waits of %v to %v, want 1 s, 10 %% more or less", least, most)
	}
	if most-least < 100*time.Millisecond {
		t.Errorf("waits of %v to %v in %d runs: no jitter", least, most, len(asked))
	}
}

func TestRunEnds(t *testing.T) {
	c, _ := newScripted(Config{}, func(int) error { return service.ErrClosed })
	if err := c.Run(t.Context(), time.Second); !errors.Is(err, service.ErrClosed) {
		t.Errorf("the client is closed: %v", err)
	}
	for _, interval := range []time.Duration{0, -1} {
		if err := c.Run(t.Context(), interval); err == nil {
			t.Errorf("an interval of %v was accepted", interval)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errScripted)
	if err := c.Run(ctx, time.Second); !errors.Is(err, errScripted) {
		t.Errorf("the context had ended: %v", err)
	}
}

func TestConfigDefaults(t *testing.T) {
	type bounds struct {
		jitter  float64
		backoff time.Duration
	}
	for _, test := range []struct {
		cfg  Config
		want bounds
	}{
		{Config{}, bounds{DefaultJitter, DefaultMaxBackoff}},
		{Config{Jitter: 9, MaxBackoff: 1}, bounds{1, 1}},
		{Config{Jitter: -1, MaxBackoff: -1}, bounds{0, DefaultMaxBackoff}},
	} {
		c := test.cfg.withDefaults()
		if got := (bounds{c.Jitter, c.MaxBackoff}); got != test.want {
			t.Errorf("%+v became %v, want %v", test.cfg, got, test.want)
		}
	}
}
