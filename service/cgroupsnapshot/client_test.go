package cgroupsnapshot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// serve starts a provider; its end is the test's.
func serve(tb testing.TB, net *linktest.Network, cfg service.ServerConfig, h cgroupsnapshot.Handler) {
	tb.Helper()
	l, err := net.Listen(cgroupsnapshot.ServiceName, linktest.ListenConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	s := cgroupsnapshot.NewServer(l, cfg, h)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	tb.Cleanup(func() {
		s.Close()
		if err := linktest.Await(tb, "Serve to return", served); err != nil {
			tb.Errorf("Serve: %v", err)
		}
	})
}

// answer is a handler that always answers s.
func answer(s *payload.Snapshot) cgroupsnapshot.Handler {
	return func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		out.SetGeneration(s.Generation)
		out.SetSystemdEnabled(s.SystemdEnabled)
		for _, it := range s.Items {
			if err := out.AddItem(it); err != nil {
				return err
			}
		}
		return nil
	}
}

// dial returns a client that is connected.
func dial(tb testing.TB, net *linktest.Network, cfg service.Config) *cgroupsnapshot.Client {
	tb.Helper()
	c := cgroupsnapshot.NewClient(net.Dialer(cgroupsnapshot.ServiceName), cfg)
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return c
}

// cgroups makes a snapshot of n items.
func cgroups(n int) *payload.Snapshot {
	s := &payload.Snapshot{Generation: uint64(n) + 1, SystemdEnabled: 1}
	for i := range n {
		name := fmt.Sprintf("unit-%d.service", i)
		s.Items = append(s.Items, payload.Item{
			Hash: payload.HashName(name), Options: uint32(i), Enabled: uint32(i % 2),
			Name: name, Path: "/sys/fs/cgroup/system.slice/" + name,
		})
	}
	return s
}

var owned = cmpopts.IgnoreUnexported(payload.Snapshot{})

// TestGet: dst is what was sent, whatever it held, and a large snapshot makes the limits grow.
func TestGet(t *testing.T) {
	for _, n := range []int{0, 1, 100, 5000} {
		t.Run(fmt.Sprintf("items=%d", n), func(t *testing.T) {
			net := linktest.NewNetwork()
			want := cgroups(n)
			serve(t, net, service.ServerConfig{}, answer(want))
			c := dial(t, net, service.Config{})
			dst := *cgroups(7)
			if err := c.Get(t.Context(), &dst); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(*want, dst, owned, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("want -, got +:\n%s", d)
			}
		})
	}
}

// TestGetFails: after an error dst is what it was.
func TestGetFails(t *testing.T) {
	net := linktest.NewNetwork()
	c := cgroupsnapshot.NewClient(net.Dialer(cgroupsnapshot.ServiceName), service.Config{ReconnectWindow: 1})
	defer c.Close()
	dst := *cgroups(7)
	if err := c.Get(t.Context(), &dst); !errors.Is(err, service.ErrNotReady) {
		t.Errorf("without a session: %v, want ErrNotReady", err)
	}
	serve(t, net, service.ServerConfig{}, func(context.Context, payload.Request, *payload.Builder) error {
		return errors.New("no")
	})
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var status *service.StatusError
	if err := c.Get(t.Context(), &dst); !errors.As(err, &status) {
		t.Errorf("from a failing handler: %v, want a StatusError", err)
	}
	if d := cmp.Diff(*cgroups(7), dst, owned); d != "" {
		t.Errorf("dst has changed:\n%s", d)
	}
}

// TestTooLarge: what exceeds the ceiling of the client is one clear error.
func TestTooLarge(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, answer(cgroups(1000)))
	c := dial(t, net, service.Config{MaxResponsePayload: 8 << 10})
	var growth *service.GrowthError
	if err := c.View(t.Context(), func(payload.ResponseView) error { return nil }); !errors.As(err, &growth) {
		t.Errorf("%v, want a GrowthError", err)
	}
}

func TestView(t *testing.T) {
	net := linktest.NewNetwork()
	want := cgroups(10)
	serve(t, net, service.ServerConfig{}, answer(want))
	c := dial(t, net, service.Config{})
	used := errors.New("used")
	err := c.View(t.Context(), func(v payload.ResponseView) error {
		if v.Generation() != want.Generation || v.SystemdEnabled() != 1 || v.Len() != 10 {
			t.Errorf("generation %d, %d items", v.Generation(), v.Len())
		}
		for i, it := range v.All() {
			if d := cmp.Diff(want.Items[i], it.Owned()); d != "" {
				t.Error(d)
			}
		}
		return used
	})
	if !errors.Is(err, used) {
		t.Errorf("View = %v, want what use has returned", err)
	}
}

// TestAcquire: an answer on loan stays what it is while others come, until it is released.
func TestAcquire(t *testing.T) {
	net := linktest.NewNetwork()
	want := cgroups(10)
	serve(t, net, service.ServerConfig{}, answer(want))
	c := dial(t, net, service.Config{})
	first, err := c.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := c.View(t.Context(), func(payload.ResponseView) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var got payload.Snapshot
	first.View().Clone(&got)
	first.Release()
	first.Release()
	if d := cmp.Diff(*want, got, owned); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
	c.Close()
	if _, err := c.Acquire(t.Context()); !errors.Is(err, service.ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}

// TestConcurrent: every caller gets a whole snapshot of its own.
func TestConcurrent(t *testing.T) {
	net := linktest.NewNetwork()
	want := cgroups(50)
	serve(t, net, service.ServerConfig{}, answer(want))
	c := dial(t, net, service.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var dst payload.Snapshot
			for range 50 {
				if err := c.Get(t.Context(), &dst); err != nil || !dst.Equal(*want) {
					t.Errorf("%v; %v", err, dst)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocs(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, answer(cgroups(500)))
	c := dial(t, net, service.Config{})
	withCancel, cancel := context.WithCancel(t.Context())
	defer cancel()
	withTimeout, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	var dst payload.Snapshot
	n := 0
	for name, ctx := range map[string]context.Context{
		"Background": context.Background(), "WithCancel": withCancel, "WithTimeout": withTimeout,
	} {
		for _, call := range []struct {
			name string
			do   func() error
		}{
			{"View", func() error {
				return c.View(ctx, func(v payload.ResponseView) error { n += v.Len(); return nil })
			}},
			{"Acquire", func() error {
				l, err := c.Acquire(ctx)
				n += l.View().Len()
				l.Release()
				return err
			}},
			{"Get", func() error { return c.Get(ctx, &dst) }},
		} {
			t.Run(name+"/"+call.name, func(t *testing.T) {
				once := func() {
					before := n
					if err := call.do(); err != nil || n-before+len(dst.Items) < 500 {
						t.Fatal(err)
					}
				}
				for range 50 {
					once()
				}
				if n := testing.AllocsPerRun(100, once); n != 0 {
					t.Errorf("%v allocations a call", n)
				}
			})
		}
	}
}

func BenchmarkTransfer(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			net := linktest.NewNetwork()
			serve(b, net, service.ServerConfig{MaxResponsePayload: 16 << 20}, answer(cgroups(n)))
			c := dial(b, net, service.Config{MaxResponsePayload: 16 << 20})
			b.ReportAllocs()
			for b.Loop() {
				err := c.View(b.Context(), func(v payload.ResponseView) error {
					if v.Len() != n {
						b.Fatal(v.Len())
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
