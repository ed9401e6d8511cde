package cgroups

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
)

// TestProviderRestart is the promise to whoever has one loop: data stays, its age is known, and the provider is
// found again.
func TestProviderRestart(t *testing.T) {
	c, h := newServed(t, Config{})
	h.stop()
	if err := c.Refresh(t.Context()); !errors.Is(err, link.ErrNotFound) {
		t.Errorf("before the first start: %v, want ErrNotFound", err)
	}
	if st := c.Status(); c.Ready() || c.Snapshot() != nil || st.Ready || st.Failing != 1 || st.Age != 0 {
		t.Errorf("before the first start: %+v", st)
	}

	want := cgroupList(100)
	h.set(modeServe, encode(t, want))
	h.start(t)
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkHolds(t, c.Snapshot(), want)
	held := c.Snapshot()

	h.stop()
	for range 3 {
		if err := c.Refresh(t.Context()); err == nil {
			t.Error("refreshed without a provider")
		}
	}
	st := c.Status()
	if !c.Ready() || c.Snapshot() != held || st.Failing != 3 || st.Failures != 4 || st.Items != 100 || st.LastError == nil ||
		!st.LastSuccess.Equal(held.Taken()) || st.LastFailure.Before(st.LastSuccess) || st.Age <= 0 || held.Age() < st.Age {
		t.Errorf("while the provider is gone: %+v", st)
	}
	checkHolds(t, c.Snapshot(), want)

	next := cgroupList(50)
	h.set(modeServe, encode(t, next))
	h.start(t)
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkHolds(t, c.Snapshot(), next)
	checkHolds(t, held, want)
	if st := c.Status(); st.Failing != 0 || st.Refreshes != 2 || st.Unchanged != 0 || st.LastError == nil || st.Age > held.Age() {
		t.Errorf("after the restart: %+v", st)
	}
}

// TestRestartUnnoticed: a provider that is replaced between two refreshes costs none of them.
func TestRestartUnnoticed(t *testing.T) {
	c, h := newServed(t, Config{})
	for n := range 5 {
		want := cgroupList(n)
		h.set(modeServe, encode(t, want))
		if err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkHolds(t, c.Snapshot(), want)
		h.stop()
		h.start(t)
	}
}

func TestUnchanged(t *testing.T) {
	c, h := newServed(t, Config{})
	list := cgroupList(1000)
	refresh := func() *Snapshot {
		h.set(modeServe, encode(t, list))
		if err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkHolds(t, c.Snapshot(), list)
		return c.Snapshot()
	}
	first := refresh()
	list.Generation = 99
	second := refresh()
	if !second.inner().shares(first.inner()) || second == first || first.Generation() != 1 || !second.Taken().After(first.Taken()) {
		t.Error("the same items again: the index is not shared, or the old snapshot has changed")
	}
	list.Items[999].Enabled = 0
	third := refresh()
	if third.inner().shares(first.inner()) {
		t.Error("an item has changed, and the index is shared")
	}
	if st := c.Status(); st.Refreshes != 3 || st.Unchanged != 1 || st.Generation != 99 {
		t.Errorf("%+v", st)
	}
}

// TestMalformed: rubbish ends the session, is not believed, and is asked for once more in a new session.
func TestMalformed(t *testing.T) {
	c, h := newServed(t, Config{})
	want := cgroupList(10)
	good := encode(t, want)
	h.set(modeServe, good)
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.set(modeBadOnce, good)
	if err := c.Refresh(t.Context()); err != nil {
		t.Errorf("rubbish once: %v", err)
	}
	if sessions, requests := h.counts(); sessions != 2 || requests != 3 {
		t.Errorf("%d sessions, %d requests; want 2 and 3", sessions, requests)
	}

	held := c.Snapshot()
	h.set(modeServe, good[:len(good)-1])
	if err := c.Refresh(t.Context()); !errors.Is(err, service.ErrMalformed) {
		t.Errorf("rubbish: %v, want ErrMalformed", err)
	}
	if c.Client().Ready() {
		t.Error("the session with a provider that sends rubbish goes on")
	}
	if c.Snapshot() != held || !errors.Is(c.Status().LastError, service.ErrMalformed) {
		t.Errorf("%+v", c.Status())
	}
	h.set(modeServe, good)
	if err := c.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestGivesUp: a refresh whose caller gives up fails at once, and is not made again by itself.
func TestGivesUp(t *testing.T) {
	c, h := newServed(t, Config{})
	want := cgroupList(10)
	h.set(modeServe, encode(t, want))
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	held := c.Snapshot()
	h.set(modeSilent, nil)
	silent := func(give func(cancel func())) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.Refresh(ctx) }()
		linktest.Await(t, "the request", h.asked)
		give(cancel)
		return linktest.Await(t, "the refresh to end", done)
	}
	if err := silent(func(cancel func()) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := silent(func(func()) { c.Client().Abort() }); !errors.Is(err, service.ErrAborted) {
		t.Errorf("aborted: %v", err)
	}
	if err := c.Refresh(t.Context()); !errors.Is(err, service.ErrAborted) {
		t.Errorf("while aborted: %v", err)
	}
	c.Client().ClearAbort()
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.Refresh(short); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("timed out: %v", err)
	}
	<-short.Done()
	if err := c.Refresh(short); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("out of time from the start: %v", err)
	}
	if sessions, requests := h.counts(); sessions != 1 || requests < 3 || requests > 4 {
		t.Errorf("%d sessions, %d requests; want 1, and 4 or one less", sessions, requests)
	}
	if c.Snapshot() != held {
		t.Error("the old snapshot is gone")
	}
	h.set(modeServe, encode(t, want))
	if err := c.Refresh(t.Context()); err != nil {
		t.Errorf("after all that: %v", err)
	}
	c.Close()
	if err := c.Refresh(t.Context()); !errors.Is(err, service.ErrClosed) || !c.Ready() {
		t.Errorf("closed: %v", err)
	}
}

// TestTurn: refreshes come one after the other, and who waits for its turn can give up.
func TestTurn(t *testing.T) {
	c, h := newServed(t, Config{})
	h.set(modeSilent, nil)
	ahead, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Refresh(ahead) }()
	linktest.Await(t, "the request", h.asked)

	ended, end := context.WithCancel(t.Context())
	end()
	if err := c.Refresh(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	short, end := context.WithTimeout(t.Context(), time.Millisecond)
	defer end()
	if err := c.Refresh(short); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("%v, want ErrTimeout", err)
	}
	if _, requests := h.counts(); requests != 1 {
		t.Errorf("%d requests", requests)
	}
	cancel()
	if err := linktest.Await(t, "the refresh to end", done); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}

	h.set(modeServe, encode(t, cgroupList(5)))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := c.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if st := c.Status(); st.Refreshes != 10 || st.Failures != 3 {
		t.Errorf("%+v", st)
	}
}

// TestTooLargeKeeps: what is refused for its size leaves the session and the data alone.
func TestTooLargeKeeps(t *testing.T) {
	c, h := newServed(t, Config{MaxBytes: 100_000})
	want := cgroupList(100)
	h.set(modeServe, encode(t, want))
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.set(modeServe, encode(t, cgroupList(2000)))
	if err := c.Refresh(t.Context()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
	checkHolds(t, c.Snapshot(), want)
	if sessions, _ := h.counts(); sessions != 1 || !c.Client().Ready() {
		t.Errorf("%d sessions", sessions)
	}
}

// TestRefreshAllocs: an unchanged snapshot costs a header, whatever its size, and nothing else.
func TestRefreshAllocs(t *testing.T) {
	c, h := newServed(t, Config{})
	allocs := func(n int) float64 {
		h.set(modeServe, encode(t, cgroupList(n)))
		refresh := func() {
			if err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			refresh()
		}
		return testing.AllocsPerRun(20, refresh)
	}
	small, large := allocs(10), allocs(5000)
	t.Logf("%v allocations for 10 items, %v for 5,000", small, large)
	if most := 1.0; small > most || large > most {
		t.Errorf("%v allocations for 10 items, %v for 5,000; want at most %v", small, large, most)
	}
}

// TestHundredThousand: so many items arrive, arrive again, and change, and what was taken out before stays.
func TestHundredThousand(t *testing.T) {
	c, h := newServed(t, Config{})
	list := cgroupList(100_000)
	refresh := func() *Snapshot {
		h.set(modeServe, encode(t, list))
		if err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		return c.Snapshot()
	}
	first := refresh()
	list.Generation++
	again := refresh()
	if !again.inner().shares(first.inner()) || c.Status().Unchanged != 1 {
		t.Errorf("%+v", c.Status())
	}
	list.Items[77_777].Options++
	last := refresh()
	checkHolds(t, last, list)
	if d := Diff(first, last); len(d.Changed) != 1 || len(d.Added)+len(d.Removed) != 0 || d.Changed[0].New.Owned() != list.Items[77_777] {
		t.Errorf("%d added, %d removed, %d changed", len(d.Added), len(d.Removed), len(d.Changed))
	}
	if it, ok := first.Lookup(list.Items[77_777].Hash, list.Items[77_777].Name); !ok || it.Options() != list.Items[77_777].Options-1 {
		t.Errorf("the old one has changed: %v, %v", it, ok)
	}
}
