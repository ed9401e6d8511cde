package cgroups

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
)

// script is a provider that does what it is told, and notes when it was asked.
type script struct {
	began  time.Time
	asked  []time.Duration
	next   func(n int) error // what the n-th Call does, from 0
	answer answer
}

func (s *script) Ready() bool                           { return true }
func (s *script) Refresh(context.Context) (bool, error) { return false, nil }
func (s *script) Call(ctx context.Context, _ payload.Request, use func(answer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.asked = append(s.asked, time.Since(s.began))
	if err := s.next(len(s.asked) - 1); err != nil {
		return err
	}
	return use(s.answer)
}

func newScripted(t *testing.T, cfg Config, next func(n int) error) (*Cache, *script) {
	s := &script{began: time.Now(), next: next, answer: answerOf(t, &payload.Snapshot{})}
	return newCache(s, service.Control{}, cfg), s
}

var errScripted = errors.New("scripted")

// runFor runs a cache in virtual time and returns when it asked. What is left of the second that follows is for
// the last refresh.
func runFor(t *testing.T, cfg Config, interval, d time.Duration, next func(n int) error) []time.Duration {
	t.Helper()
	var asked []time.Duration
	synctest.Test(t, func(t *testing.T) {
		c, s := newScripted(t, cfg, next)
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
	c, _ := newScripted(t, Config{}, func(int) error { return service.ErrClosed })
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

// TestRunFollows: a provider that is killed and comes back, behind Run, in virtual time.
func TestRunFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		c := h.cache(Config{Jitter: -1})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx, time.Second) }()

		synctest.Wait()
		if c.Ready() || c.Status().Failures != 1 {
			t.Errorf("no provider yet: %+v", c.Status())
		}
		first := cgroupList(10)
		h.set(modeServe, encode(t, first))
		h.start(t)
		<-time.After(10 * time.Second)
		synctest.Wait()
		checkHolds(t, c.Snapshot(), first)
		if age := c.Snapshot().Age(); age > time.Second {
			t.Errorf("a second between refreshes, and the data is %v old", age)
		}

		h.stop()
		<-time.After(time.Minute)
		synctest.Wait()
		checkHolds(t, c.Snapshot(), first)
		if st := c.Status(); st.Age < 59*time.Second || st.Failing < 5 || st.Failing > 15 {
			t.Errorf("a minute without a provider: %+v", st)
		}

		second := cgroupList(20)
		h.set(modeServe, encode(t, second))
		h.start(t)
		<-time.After(c.cfg.MaxBackoff)
		synctest.Wait()
		checkHolds(t, c.Snapshot(), second)

		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		c.Close()
		h.stop()
	})
}

func TestConfigDefaults(t *testing.T) {
	type bounds struct {
		bytes   int
		jitter  float64
		backoff time.Duration
	}
	for _, test := range []struct {
		cfg  Config
		want bounds
	}{
		{Config{}, bounds{DefaultMaxBytes, DefaultJitter, DefaultMaxBackoff}},
		{Config{MaxBytes: mostBytes, Jitter: 9, MaxBackoff: 1}, bounds{mostBytes, 1, 1}},
		{Config{MaxBytes: -1, Jitter: -1, MaxBackoff: -1}, bounds{DefaultMaxBytes, 0, DefaultMaxBackoff}},
	} {
		c := test.cfg.withDefaults()
		if got := (bounds{c.MaxBytes, c.Jitter, c.MaxBackoff}); got != test.want {
			t.Errorf("%+v became %v, want %v", test.cfg, got, test.want)
		}
	}
}
