package hostprovider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
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

func (h *host) set(names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = names
}

func ask(t *testing.T, s *Source) (cgroupsnapshot.Snapshot, error) {
	t.Helper()
	var b cgroupsnapshot.Builder
	if err := b.Reset(make([]byte, 1<<16), nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Answer(t.Context(), cgroupsnapshot.Request{}, &b); err != nil {
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
	s := newSource(h.list, slog.New(slog.DiscardHandler))
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

// A host that cannot be listed is an error, and passes.
func TestListFails(t *testing.T) {
	h := &host{err: errors.New("no more descriptors")}
	var log strings.Builder
	s := newSource(h.list, slog.New(slog.NewTextHandler(&log, nil)))
	if _, err := ask(t, s); !errors.Is(err, h.err) || !strings.Contains(log.String(), "no more descriptors") {
		t.Errorf("%v, log:\n%s", err, log.String())
	}
	h.err = nil
	h.set("a")
	if snap, err := ask(t, s); err != nil || len(snap.Items) != 1 || snap.Generation != 1 {
		t.Errorf("%+v, %v", snap, err)
	}
}

// Any number of callers who wait at the same time share a walk, and none gets what was walked before it asked.
func TestSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{cost: time.Second}
		h.set("old")
		s := newSource(h.list, slog.New(slog.DiscardHandler))
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := ask(t, s); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // the first walk is under way
		h.mu.Lock()
		h.cost = 0 // it has begun, and finds what is there when it ends
		h.mu.Unlock()
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
		if h.lists != 2 {
			t.Errorf("%d walks for 51 callers, want 2", h.lists)
		}
	})
}

// A caller that leaves ends neither the walk of another nor the source.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{cost: time.Hour}
		s := newSource(h.list, slog.New(slog.DiscardHandler))
		left := fmt.Errorf("gone")
		first, leave := context.WithCancelCause(t.Context())
		results := make(chan error, 2)
		go func() { _, _, err := s.Check(first); results <- err }()
		synctest.Wait()
		waiting, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		go func() { _, _, err := s.Check(waiting); results <- err }()
		if err := <-results; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waited: %v", err)
		}
		leave(left)
		if err := <-results; !errors.Is(err, left) {
			t.Errorf("who listed: %v", err)
		}
		h.mu.Lock()
		h.cost = 0
		h.mu.Unlock()
		if _, err := ask(t, s); err != nil {
			t.Error(err)
		}
	})
}

// What is missing is said once, not with every listing.
func TestNotices(t *testing.T) {
	h := &host{report: hostcgroups.Report{Identity: hostcgroups.Hierarchy{Version: 2, Mountpoint: "/sys/fs/cgroup"}}}
	var log strings.Builder
	s := newSource(h.list, slog.New(slog.NewTextHandler(&log, nil)))
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
