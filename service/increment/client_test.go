package increment_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
)

const endpoint = "increment"

func TestMain(m *testing.M) { linktest.Main(m) }

// serve starts a provider; its end is the test's.
func serve(tb testing.TB, net *linktest.Network, h func(context.Context, uint64) (uint64, error)) *increment.Server {
	tb.Helper()
	l, err := net.Listen(endpoint, linktest.ListenConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	s := increment.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}, h)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	tb.Cleanup(func() {
		s.Close()
		if err := linktest.Await(tb, "Serve to return", served); err != nil {
			tb.Errorf("Serve: %v", err)
		}
	})
	return s
}

// dial returns a client that is connected.
func dial(tb testing.TB, net *linktest.Network, cfg service.Config) *increment.Client {
	tb.Helper()
	c := increment.NewClient(net.Dialer(endpoint), cfg)
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestCall(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, increment.Next)
	c := dial(t, net, service.Config{})
	for _, v := range []uint64{0, 1, 41, math.MaxUint64 - 1, math.MaxUint64} {
		if got, err := c.Call(t.Context(), v); err != nil || got != v+1 {
			t.Errorf("Call(%d) = %d, %v", v, got, err)
		}
	}
}

func TestCallBatch(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, increment.Next)
	c := dial(t, net, service.Config{})
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Uint64(), 0, 300).Draw(t, "in")
		spare := rapid.IntRange(0, 3).Draw(t, "spare")
		out := slices.Repeat([]uint64{7}, len(in)+spare)
		if rapid.Bool().Draw(t, "in place") {
			out, spare = slices.Clone(in), 0
			in = out
		}
		want := make([]uint64, 0, len(out))
		for _, v := range in {
			want = append(want, v+1)
		}
		want = append(want, slices.Repeat([]uint64{7}, spare)...)
		if err := c.CallBatch(context.Background(), in, out); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out, want) {
			t.Fatalf("%v became %v, want %v", in, out, want)
		}
	})
}

func TestCallBatchFails(t *testing.T) {
	net := linktest.NewNetwork()
	fails := errors.New("no")
	serve(t, net, func(_ context.Context, v uint64) (uint64, error) {
		if v == 13 {
			return 0, fails
		}
		return v + 1, nil
	})
	c := dial(t, net, service.Config{})
	out := []uint64{7, 7, 7}
	if err := c.CallBatch(t.Context(), []uint64{1, 2, 3, 4}, out); !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("room for 3 of 4: %v, want io.ErrShortBuffer", err)
	}
	var status *service.StatusError
	if err := c.CallBatch(t.Context(), []uint64{1, 13, 3}, out); !errors.As(err, &status) {
		t.Errorf("one item that fails: %v, want a StatusError", err)
	}
	if !slices.Equal(out, []uint64{7, 7, 7}) {
		t.Errorf("a failed batch has written %v", out)
	}
}

func TestCallNotReady(t *testing.T) {
	c := increment.NewClient(linktest.NewNetwork().Dialer(endpoint), service.Config{})
	defer c.Close()
	if v, err := c.Call(t.Context(), 1); !errors.Is(err, service.ErrNotReady) || v != 0 {
		t.Errorf("Call = %d, %v, want ErrNotReady", v, err)
	}
	if err := c.CallBatch(t.Context(), []uint64{1, 2}, make([]uint64, 2)); !errors.Is(err, service.ErrNotReady) {
		t.Errorf("CallBatch: %v, want ErrNotReady", err)
	}
}

// TestPipelined: calls of many goroutines are under way at once, and each gets its own answer.
func TestPipelined(t *testing.T) {
	net := linktest.NewNetwork()
	s := serve(t, net, increment.Next)
	c := dial(t, net, service.Config{})
	var wg sync.WaitGroup
	for g := range uint64(16) {
		wg.Go(func() {
			in, out := make([]uint64, 5), make([]uint64, 5)
			for i := range uint64(100) {
				v := g<<32 | i
				if got, err := c.Call(t.Context(), v); err != nil || got != v+1 {
					t.Errorf("Call(%d) = %d, %v", v, got, err)
					return
				}
				for k := range in {
					in[k] = v + uint64(k)
				}
				if err := c.CallBatch(t.Context(), in, out); err != nil || out[0] != v+1 || out[4] != v+5 {
					t.Errorf("CallBatch(%v) = %v, %v", in, out, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := s.Status().Accepted; n > 2 { // the second one because the batch had to be negotiated
		t.Errorf("%d sessions", n)
	}
}

// contexts are the kinds of context that a call may come with.
func contexts(tb testing.TB) map[string]context.Context {
	withCancel, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	withTimeout, cancel := context.WithTimeout(context.Background(), time.Hour)
	tb.Cleanup(cancel)
	return map[string]context.Context{
		"Background": context.Background(), "WithCancel": withCancel, "WithTimeout": withTimeout,
	}
}

func TestAllocs(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, increment.Next)
	c := dial(t, net, service.Config{})
	in, out := make([]uint64, 100), make([]uint64, 100)
	for name, ctx := range contexts(t) {
		for _, call := range []struct {
			name string
			do   func() error
		}{
			{"Call", func() error { _, err := c.Call(ctx, 1); return err }},
			{"CallBatch", func() error { return c.CallBatch(ctx, in, out) }},
		} {
			t.Run(name+"/"+call.name, func(t *testing.T) {
				once := func() {
					if err := call.do(); err != nil {
						t.Fatal(err)
					}
				}
				for range 50 {
					once()
				}
				if n := testing.AllocsPerRun(200, once); n != 0 {
					t.Errorf("%v allocations a call", n)
				}
			})
		}
	}
}

func BenchmarkCall(b *testing.B) {
	net := linktest.NewNetwork()
	serve(b, net, increment.Next)
	c := dial(b, net, service.Config{})
	for name, ctx := range contexts(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			v := uint64(0)
			for b.Loop() {
				got, err := c.Call(ctx, v)
				if err != nil || got != v+1 {
					b.Fatal(got, err)
				}
				v = got
			}
		})
	}
}

func BenchmarkCallBatch(b *testing.B) {
	net := linktest.NewNetwork()
	serve(b, net, increment.Next)
	c := dial(b, net, service.Config{})
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			in, out := make([]uint64, n), make([]uint64, n)
			b.ReportAllocs()
			for b.Loop() {
				out[n-1] = 0
				if err := c.CallBatch(b.Context(), in, out); err != nil || out[n-1] != 1 {
					b.Fatal(out[n-1], err)
				}
			}
		})
	}
}
