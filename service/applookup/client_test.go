package applookup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// app is what the provider knows of a pid: nothing of every fourth.
func app(pid uint32) payload.Item {
	if pid%4 == 0 {
		return payload.Item{Status: payload.StatusUnknown, PID: pid, UID: payload.UIDNotSet}
	}
	return payload.Item{
		PID: pid, PPID: 1, UID: 1000, StartTime: uint64(pid), Comm: "worker",
		CgroupStatus: payload.CgroupStatusKnown, Orchestrator: payload.OrchestratorPodman,
		CgroupPath: "/machine.slice/libpod.scope", CgroupName: "web", Labels: labels[:pid%3],
	}
}

var labels = []payload.Label{{Key: "image", Value: "busybox:1.37"}, {Key: "app", Value: "tenant"}}

const generation = 9

// know is the handler of that provider.
func know(_ context.Context, req payload.RequestView, out *payload.Builder) error {
	out.SetGeneration(generation)
	for _, pid := range req.All() {
		if err := out.Add(app(pid)); err != nil || out.Full() {
			return err
		}
	}
	return nil
}

// numbered returns n pids, some of them more than once.
func numbered(n int) []uint32 {
	pids := make([]uint32, n)
	for i := range pids {
		pids[i] = uint32(i * 7 % 50021)
	}
	return pids
}

func wanted(pids []uint32) payload.Response {
	r := payload.Response{Generation: generation}
	for _, pid := range pids {
		r.Items = append(r.Items, app(pid))
	}
	return r
}

// connect serves a handler and returns a client of it.
func connect(tb testing.TB, scfg service.ServerConfig, cfg applookup.Config, h applookup.Handler) *applookup.Client {
	tb.Helper()
	e := servicetest.NewEndpoint()
	scfg.Logger = slog.New(slog.DiscardHandler)
	servicetest.Serve(tb, applookup.NewServer(e.MustListen(tb), scfg, h))
	c := applookup.NewClient(e.Dialer(), cfg)
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return c
}

// Without configuration too, any number of keys gets its answer, whatever dst held, in one part or many.
func TestGet(t *testing.T) {
	c := connect(t, service.ServerConfig{}, applookup.Config{}, know)
	var dst payload.Response
	for _, n := range []int{0, 1, 16, 300, 65536, 2, 5000, 0} {
		pids := numbered(n)
		if err := c.Get(t.Context(), pids, &dst); err != nil {
			t.Fatalf("%d keys: %v", n, err)
		}
		if !dst.Equal(wanted(pids)) {
			t.Errorf("%d keys: the answer is not what was sent", n)
		}
	}
}

// TestView: all ways to read an answer say the same.
func TestView(t *testing.T) {
	c := connect(t, service.ServerConfig{}, applookup.Config{}, know)
	used := errors.New("used")
	for _, n := range []int{0, 7, 9000} {
		pids := numbered(n)
		want := wanted(pids)
		err := c.View(t.Context(), pids, func(v applookup.AnswerView) error {
			if v.Len() != n || v.Generation() != generation {
				t.Errorf("%d items of generation %d", v.Len(), v.Generation())
			}
			next := 0
			for i, it := range v.All() {
				if i != next || !it.Owned().Equal(want.Items[i]) || !v.Item(i).Owned().Equal(want.Items[i]) {
					t.Fatalf("item %d (%d) is %+v and %+v", next, i, it.Owned(), v.Item(i).Owned())
				}
				next++
			}
			for range v.All() {
				break // may end early
			}
			for _, i := range []int{-1, n} {
				if !panics(func() { v.Item(i) }) {
					t.Errorf("item %d of %d is there", i, n)
				}
			}
			var dst payload.Response
			if v.Clone(&dst); next != n || !dst.Equal(want) {
				t.Errorf("%d items, and the copy differs", next)
			}
			return used
		})
		if !errors.Is(err, used) {
			t.Errorf("View = %v, want what use has returned", err)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// TestFails: after an error dst is what it was.
func TestFails(t *testing.T) {
	fails := func(context.Context, payload.RequestView, *payload.Builder) error { return errors.New("no") }
	unanswered := func(context.Context, payload.RequestView, *payload.Builder) error { return nil }
	for name, h := range map[string]applookup.Handler{"fails": fails, "leaves keys without an answer": unanswered} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, service.ServerConfig{}, applookup.Config{Config: service.Config{ReconnectWindow: 1}}, h)
			dst := wanted(numbered(3))
			var status *service.StatusError
			if err := c.Get(t.Context(), numbered(7), &dst); !errors.As(err, &status) {
				t.Errorf("%v, want a StatusError", err)
			}
			if !dst.Equal(wanted(numbered(3))) {
				t.Error("dst has changed")
			}
			c.Close()
			if err := c.Get(t.Context(), numbered(7), &dst); !errors.Is(err, service.ErrClosed) {
				t.Errorf("%v, want ErrClosed", err)
			}
		})
	}
}

// TestConcurrent: every caller gets the answer to its own keys.
func TestConcurrent(t *testing.T) {
	c := connect(t, service.ServerConfig{}, applookup.Config{}, know)
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			var dst payload.Response
			for i := range 20 {
				pids := numbered(50 * (1 + (k+i)%20))[k:]
				if err := c.Get(t.Context(), pids, &dst); err != nil || !dst.Equal(wanted(pids)) {
					t.Errorf("%d keys: %v", len(pids), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A call allocates nothing, on either side, if its answer comes in one part, and at most once a part if it does not.
func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	limits := link.Proposal{RequestPayload: 1 << 16, Depth: 1}
	c := connect(t, service.ServerConfig{}, applookup.Config{Config: service.Config{Proposal: limits}}, know)
	withTimeout, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"Background": context.Background(), "WithTimeout": withTimeout} {
		for _, n := range []int{0, 1, 16, 250, 2000, 10000} {
			pids := numbered(n)
			var dst payload.Response
			sum := 0
			for _, call := range []struct {
				name string
				do   func() error
			}{
				{"View", func() error {
					return c.View(ctx, pids, func(v applookup.AnswerView) error {
						for _, it := range v.All() {
							sum += int(it.PID())
						}
						return nil
					})
				}},
				{"Get", func() error { return c.Get(ctx, pids, &dst) }},
			} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, call.name, n), func(t *testing.T) {
					once := func() {
						if err := call.do(); err != nil {
							t.Fatal(err)
						}
					}
					for range 10 {
						once()
					}
					before := c.Status().Calls
					once()
					parts := c.Status().Calls - before
					got := testing.AllocsPerRun(20, once)
					if most := float64(parts); n > 0 && (parts == 1 && got > 0 || got > most) {
						t.Errorf("%v allocations for %d parts", got, parts)
					}
				})
			}
		}
	}
}

func BenchmarkView(b *testing.B) {
	for _, n := range []int{16, 8192} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			const room = 8 << 20
			c := connect(b, service.ServerConfig{MaxRequestPayload: room, MaxResponsePayload: room}, applookup.Config{
				Config: service.Config{Proposal: link.Proposal{RequestPayload: room}, MaxResponsePayload: room},
			}, know)
			pids := numbered(n)
			b.ReportAllocs()
			for b.Loop() {
				err := c.View(b.Context(), pids, func(v applookup.AnswerView) error {
					if v.Len() != n {
						b.Fatal(v.Len())
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
		})
	}
}
