package cgrouplookup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec"
	payload "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// cgroup is what the provider knows of a path: nothing of every fourth.
func cgroup(path string) payload.Item {
	n := len(path) + int(path[len(path)-1])
	if n%4 == 0 {
		return payload.Item{Status: payload.StatusUnknownRetryLater, Path: path}
	}
	return payload.Item{Path: path, Orchestrator: payload.OrchestratorPodman, Name: path[1:], Labels: labels[:n%3]}
}

var labels = []payload.Label{{Key: "image", Value: "busybox:1.37"}, {Key: "app", Value: "tenant"}}

const generation = 9

// cgroups is what it knows of the paths of numbered.
var cgroups = func() map[string]payload.Item {
	all := map[string]payload.Item{}
	for _, path := range numbered(50021) {
		all[path] = cgroup(path)
	}
	return all
}()

// know is the handler of that provider.
func know(_ context.Context, req payload.RequestView, out *payload.Builder) error {
	out.SetGeneration(generation)
	for _, path := range req.All() {
		it, ok := cgroups[string(path.Bytes())] // allocates no string
		if !ok {
			it = cgroup(path.String())
		}
		if err := out.Add(it); err != nil || out.Full() {
			return err
		}
	}
	return nil
}

// numbered returns n paths, some of them more than once.
func numbered(n int) []string {
	paths := make([]string, n)
	for i := range paths {
		paths[i] = fmt.Sprintf("/machine.slice/libpod-%d.scope", i*7%50021)
	}
	return paths
}

func wanted(paths []string) payload.Response {
	r := payload.Response{Generation: generation}
	for _, path := range paths {
		r.Items = append(r.Items, cgroup(path))
	}
	return r
}

// connect serves a handler and returns a client of it.
func connect(tb testing.TB, scfg service.ServerConfig, cfg cgrouplookup.Config, h cgrouplookup.Handler) *cgrouplookup.Client {
	tb.Helper()
	e := servicetest.NewEndpoint()
	scfg.Logger = slog.New(slog.DiscardHandler)
	servicetest.Serve(tb, cgrouplookup.NewServer(e.MustListen(tb), scfg, h))
	c := cgrouplookup.NewClient(e.Dialer(), cfg)
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return c
}

// Without configuration too, any number of keys gets its answer, whatever dst held, in one part or many.
func TestGet(t *testing.T) {
	c := connect(t, service.ServerConfig{}, cgrouplookup.Config{}, know)
	var dst payload.Response
	for _, n := range []int{0, 1, 16, 300, 65536, 2, 5000, 0} {
		paths := numbered(n)
		if err := c.Get(t.Context(), paths, &dst); err != nil {
			t.Fatalf("%d keys: %v", n, err)
		}
		if !dst.Equal(wanted(paths)) {
			t.Errorf("%d keys: the answer is not what was sent", n)
		}
	}
}

// TestView: all ways to read an answer say the same.
func TestView(t *testing.T) {
	c := connect(t, service.ServerConfig{}, cgrouplookup.Config{}, know)
	used := errors.New("used")
	for _, n := range []int{0, 7, 9000} {
		paths := numbered(n)
		want := wanted(paths)
		err := c.View(t.Context(), paths, func(v cgrouplookup.AnswerView) error {
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

// A path that cannot be is an error that says which one, before anything is sent.
func TestBadPaths(t *testing.T) {
	asked := 0
	c := connect(t, service.ServerConfig{}, cgrouplookup.Config{}, func(ctx context.Context, req payload.RequestView, out *payload.Builder) error {
		asked++
		return know(ctx, req, out)
	})
	for _, n := range []int{5, 5000} {
		for bad, want := range map[string]error{"": codec.ErrBadLayout, "/a\x00b": codec.ErrInteriorNUL} {
			paths := numbered(n)
			paths[n-2] = bad
			err := c.View(t.Context(), paths, func(cgrouplookup.AnswerView) error { return nil })
			var where *codec.Error
			if !errors.Is(err, want) || !errors.As(err, &where) || where.Item != n-2 {
				t.Errorf("%q among %d: %v, want %v of item %d", bad, n, err, want, n-2)
			}
		}
	}
	if asked > 0 || !c.Ready() {
		t.Errorf("%d requests; ready: %v", asked, c.Ready())
	}
}

// A path that no request can hold is answered by the client itself, and one that a larger request can hold makes
// requests larger.
func TestLongPaths(t *testing.T) {
	long := func(n int) string { return "/" + strings.Repeat("x", n-1) }
	paths := []string{long(3000), "/a", long(1 << 21), "/b", long(4000), long(1 << 21)}
	c := connect(t, service.ServerConfig{}, cgrouplookup.Config{}, know)
	var got payload.Response
	if err := c.Get(t.Context(), paths, &got); err != nil {
		t.Fatal(err)
	}
	for i, it := range got.Items {
		want := cgroup(paths[i])
		if len(paths[i]) == 1<<21 {
			want = payload.Item{Status: payload.StatusOversizedItem, Path: paths[i]}
		}
		if !it.Equal(want) {
			t.Errorf("item %d is %v of %.10q", i, it.Status, it.Path)
		}
	}
	if info, _ := c.Session(); info.Limits.RequestPayload != 4096 || got.Generation != generation {
		t.Errorf("requests of %d bytes, generation %d", info.Limits.RequestPayload, got.Generation)
	}
	if err := c.Get(t.Context(), paths[2:3], &got); err != nil || got.Items[0].Status != payload.StatusOversizedItem || got.Generation != 0 {
		t.Errorf("nothing that can be asked: %v", err)
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
	for name, h := range map[string]cgrouplookup.Handler{"fails": fails, "leaves keys without an answer": unanswered} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, service.ServerConfig{}, cgrouplookup.Config{Config: service.Config{ReconnectWindow: 1}}, h)
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
	c := connect(t, service.ServerConfig{}, cgrouplookup.Config{}, know)
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			var dst payload.Response
			for i := range 20 {
				paths := numbered(50 * (1 + (k+i)%20))[k:]
				if err := c.Get(t.Context(), paths, &dst); err != nil || !dst.Equal(wanted(paths)) {
					t.Errorf("%d keys: %v", len(paths), err)
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
	c := connect(t, service.ServerConfig{}, cgrouplookup.Config{Config: service.Config{Proposal: limits}}, know)
	withTimeout, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"Background": context.Background(), "WithTimeout": withTimeout} {
		for _, n := range []int{0, 1, 16, 150, 2000, 10000} {
			paths := numbered(n)
			var dst payload.Response
			sum := 0
			for _, call := range []struct {
				name string
				do   func() error
			}{
				{"View", func() error {
					return c.View(ctx, paths, func(v cgrouplookup.AnswerView) error {
						for _, it := range v.All() {
							sum += it.Path().Len()
						}
						return nil
					})
				}},
				{"Get", func() error { return c.Get(ctx, paths, &dst) }},
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
			c := connect(b, service.ServerConfig{MaxRequestPayload: room, MaxResponsePayload: room}, cgrouplookup.Config{
				Config: service.Config{Proposal: link.Proposal{RequestPayload: room}, MaxResponsePayload: room},
			}, know)
			paths := numbered(n)
			b.ReportAllocs()
			for b.Loop() {
				err := c.View(b.Context(), paths, func(v cgrouplookup.AnswerView) error {
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
