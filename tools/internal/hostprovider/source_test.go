package hostprovider

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/snapshot/recompute"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// host is one that tests make up.
type host struct {
	mu     sync.Mutex
	names  []string
	report hostcgroups.Report
	err    error
	cost   time.Duration
	lists  int
}

func (h *host) list(ctx context.Context, rows []hostcgroups.Cgroup) ([]hostcgroups.Cgroup, hostcgroups.Report, error) {
	h.mu.Lock()
	h.lists++
	cost := h.cost
	h.mu.Unlock()
	if cost > 0 {
		select {
		case <-time.After(cost):
		case <-ctx.Done():
			return rows, hostcgroups.Report{}, context.Cause(ctx)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return rows, hostcgroups.Report{}, h.err
	}
	for _, n := range h.names {
		rows = append(rows, hostcgroups.Cgroup{Path: "/" + n, FullPath: "/sys/fs/cgroup/" + n, Name: n, Enabled: n != "group"})
	}
	return rows, h.report, nil
}

func (h *host) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

func (h *host) slow(cost time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cost = cost
}

func (h *host) set(names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = names
}

// startSource returns a source that has listed once, and lists only on request.
func startSource(t *testing.T, h *host, log *slog.Logger) *Source {
	t.Helper()
	s := newSource(h.list, OnRequest, log)
	if _, n, err := s.Start(t.Context()); err != nil || n != len(h.names) {
		t.Fatalf("%d cgroups, %v", n, err)
	}
	t.Cleanup(func() { stopSource(t, s) })
	return s
}

func stopSource(t *testing.T, s *Source) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// ask is a request that lists anew.
func ask(t *testing.T, s *Source) (cgroupsnapshot.Snapshot, error) {
	t.Helper()
	return answer(t, s.Anew())
}

func answer(t *testing.T, h func(context.Context, cgroupsnapshot.Request, *cgroupsnapshot.Builder) error) (cgroupsnapshot.Snapshot, error) {
	t.Helper()
	var b cgroupsnapshot.Builder
	if err := b.Reset(make([]byte, 1<<16), nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := h(t.Context(), cgroupsnapshot.Request{}, &b); err != nil {
		return cgroupsnapshot.Snapshot{}, err
	}
	if _, err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	v, err := cgroupsnapshot.DecodeResponse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var snap cgroupsnapshot.Snapshot
	v.Clone(&snap)
	return snap, nil
}

// The generation counts changes, and nothing else.
func TestGeneration(t *testing.T) {
	h := &host{}
	s := startSource(t, h, slog.New(slog.DiscardHandler))
	for i, step := range []struct {
		change     func()
		generation uint64
	}{
		{func() {}, 1},
		{func() {}, 1},
		{func() { h.set("a", "group") }, 2},
		{func() { h.set("a", "group") }, 2},
		{func() { h.set("group", "a") }, 3},
		{func() { h.report.Systemd = true }, 4},
		{func() { h.report.Vanished = 7 }, 4},
		{func() { h.set() }, 5},
		{func() {}, 5},
	} {
		step.change()
		snap, err := ask(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if snap.Generation != step.generation || len(snap.Items) != len(h.names) || (snap.SystemdEnabled != 0) != h.report.Systemd {
			t.Errorf("step %d: %+v, want generation %d of %q", i, snap, step.generation, h.names)
		}
		for j, it := range snap.Items {
			n := h.names[j]
			want := cgroupsnapshot.Item{Hash: cgroupsnapshot.HashName(n), Enabled: 1, Name: n, Path: "/sys/fs/cgroup/" + n}
			if n == "group" {
				want.Enabled = 0
			}
			if it != want {
				t.Errorf("step %d: %+v, want %+v", i, it, want)
			}
		}
	}
}

// A host that cannot be listed is an error, is logged, and passes; the newest snapshot stays meanwhile.
func TestListFails(t *testing.T) {
	fails := errors.New("no more descriptors")
	s := newSource((&host{err: fails}).list, OnRequest, slog.New(slog.DiscardHandler))
	if _, _, err := s.Start(t.Context()); !errors.Is(err, fails) {
		t.Errorf("the first listing: %v", err)
	}

	synctest.Test(t, func(t *testing.T) {
		h := &host{names: []string{"a"}}
		var log strings.Builder
		s := newSource(h.list, OnRequest, slog.New(slog.NewTextHandler(&log, nil)))
		if _, _, err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.set("a", "b")
		h.fail(fails)
		if _, err := ask(t, s); !errors.Is(err, fails) {
			t.Error(err)
		}
		synctest.Wait()
		if !strings.Contains(log.String(), "no more descriptors") {
			t.Errorf("log:\n%s", log.String())
		}
		if snap, err := answer(t, s.Newest()); err != nil || len(snap.Items) != 1 {
			t.Errorf("%+v, %v", snap, err)
		}
		<-time.After(2 * stale)
		if snap, err := answer(t, s.Newest()); !errors.Is(err, recompute.ErrStale) || !errors.Is(err, fails) {
			t.Errorf("long afterwards: %+v, %v", snap, err)
		}
		h.fail(nil)
		if snap, err := ask(t, s); err != nil || len(snap.Items) != 2 || snap.Generation != 2 {
			t.Errorf("%+v, %v", snap, err)
		}
		stopSource(t, s)
	})
}

// Any number of callers who wait at the same time share a walk, and none gets what was walked before it asked.
func TestSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{}
		s := newSource(h.list, OnRequest, slog.New(slog.DiscardHandler))
		if _, _, err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.slow(time.Second)
		h.set("old")
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := ask(t, s); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // the first walk is under way
		h.slow(0)       // it has begun, and finds what is there when it ends
		h.set("new")
		for range 50 {
			all.Go(func() {
				snap, err := ask(t, s)
				if err != nil || len(snap.Items) != 1 || snap.Items[0].Name != "new" {
					t.Errorf("%+v, %v", snap, err)
				}
			})
		}
		all.Wait()
		if h.lists != 3 {
			t.Errorf("%d walks for 51 callers, want 2", h.lists-1)
		}
		stopSource(t, s)
	})
}

// What is missing is said once, not with every listing.
func TestNotices(t *testing.T) {
	h := &host{report: hostcgroups.Report{Identity: hostcgroups.Hierarchy{Version: 2, Mountpoint: "/sys/fs/cgroup"}}}
	var log strings.Builder
	s := startSource(t, h, slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		for range 2 {
			if _, err := ask(t, s); err != nil {
				t.Fatal(err)
			}
		}
		h.report.Denied, h.report.TooLong, h.report.Truncated = 3, 2, true
	}
	for _, text := range []string{"cgroup hierarchy", "cannot be read", "too long a path", "more cgroups than"} {
		if n := strings.Count(log.String(), text); n != 1 {
			t.Errorf("%q was logged %d times:\n%s", text, n, log.String())
		}
	}
}

func TestEmbed(t *testing.T) {
	for _, name := range Services {
		e, err := Embed(t.Context(), name, slog.New(slog.DiscardHandler))
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
	}
}
