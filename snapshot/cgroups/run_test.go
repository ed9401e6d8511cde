package cgroups

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

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
		<-time.After(DefaultMaxBackoff)
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
	for given, want := range map[int]int{0: DefaultMaxBytes, -1: DefaultMaxBytes, 100: 100, mostBytes: mostBytes} {
		if got := (Config{MaxBytes: given}).withDefaults().MaxBytes; got != want {
			t.Errorf("MaxBytes %d became %d, want %d", given, got, want)
		}
	}
}
