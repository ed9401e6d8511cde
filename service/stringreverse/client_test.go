package stringreverse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	payload "github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/stringreverse"
)

const endpoint = "strings"

func TestMain(m *testing.M) { linktest.Main(m) }

// serve starts a provider; its end is the test's.
func serve(tb testing.TB, net *linktest.Network, cfg service.ServerConfig, h stringreverse.Handler) *stringreverse.Server {
	tb.Helper()
	l, err := net.Listen(endpoint, linktest.ListenConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	s := stringreverse.NewServer(l, cfg, h)
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
func dial(tb testing.TB, net *linktest.Network, cfg service.Config) *stringreverse.Client {
	tb.Helper()
	c := stringreverse.NewClient(net.Dialer(endpoint), cfg)
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return c
}

// reversed is what the answer has to be.
func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// TestCall: any bytes, of any size that the ceilings of two unconfigured peers leave.
func TestCall(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, nil)
	c := dial(t, net, service.Config{})
	for _, s := range []string{
		"", "a", "ab", "a\x00b", "\x00", "\xff\xfe", "añb日", strings.Repeat("0123456789", 101), // 1,019 bytes of payload
		strings.Repeat("ab", 1000), strings.Repeat("xy\x00", 30_000), strings.Repeat("q", 1<<20-9),
	} {
		if got, err := c.Call(t.Context(), s); err != nil || got != reversed(s) {
			t.Errorf("Call(%.20q, %d bytes) = %.20q, %v", s, len(s), got, err)
		}
	}
	var growth *service.GrowthError
	if _, err := c.Call(t.Context(), strings.Repeat("q", 1<<20-8)); !errors.As(err, &growth) || growth.Ceiling != 1<<20 {
		t.Errorf("more than the ceiling: %v, want a GrowthError", err)
	}
	if got, err := c.Call(t.Context(), "ab"); err != nil || got != "ba" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

// TestViews: the three ways to read an answer agree, and an error of the caller's own comes back.
func TestViews(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, stringreverse.Reverse)
	c := dial(t, net, service.Config{})
	used := errors.New("used")
	err := c.View(t.Context(), "desserts", func(v codec.StrView) error {
		if !v.Equal("stressed") {
			t.Errorf("%q", v.Bytes())
		}
		return used
	})
	if !errors.Is(err, used) {
		t.Errorf("%v, want that of use", err)
	}
	first, err := c.Acquire(t.Context(), "live")
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Acquire(t.Context(), "drawer")
	if err != nil {
		t.Fatal(err)
	}
	if !first.View().Equal("evil") || !second.View().Equal("reward") {
		t.Errorf("two leases: %q, %q", first.View().Bytes(), second.View().Bytes())
	}
	first.Release()
	second.Release()
	second.Release()
}

func TestCallBatch(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, nil)
	c := dial(t, net, service.Config{})
	word := rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes"))
	})
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(word, 0, 200).Draw(t, "in")
		spare := rapid.IntRange(0, 3).Draw(t, "spare")
		out := slices.Repeat([]string{"kept"}, len(in)+spare)
		if rapid.Bool().Draw(t, "in place") {
			out, spare = slices.Clone(in), 0
			in = out
		}
		var want []string
		for _, s := range in {
			want = append(want, reversed(s))
		}
		want = append(want, slices.Repeat([]string{"kept"}, spare)...)
		if err := c.CallBatch(context.Background(), in, out); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out, want) {
			t.Fatalf("%q became %q, want %q", in, out, want)
		}
	})
}

// TestCallBatchGrows: number of items, size of the request and size of the answer are raised together.
func TestCallBatchGrows(t *testing.T) {
	net := linktest.NewNetwork()
	// The answer is 40 times as long as the question.
	serve(t, net, service.ServerConfig{}, func(_ context.Context, s codec.StrView, out *payload.Builder) error {
		return out.SetString(strings.Repeat(s.String(), 40))
	})
	c := dial(t, net, service.Config{})
	in := slices.Repeat([]string{strings.Repeat("x", 100)}, 200)
	out := make([]string, len(in))
	if err := c.CallBatch(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if out[i] != strings.Repeat(in[i], 40) {
			t.Fatalf("answer %d has %d bytes: %.20q", i, len(out[i]), out[i])
		}
	}
	if st := c.Status(); st.Limits.RequestItems < 200 || st.Limits.RequestPayload < 200*112 || st.Limits.ResponsePayload < 200*4000 {
		t.Errorf("limits %+v", st.Limits)
	}
}

func TestCallBatchFails(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, func(ctx context.Context, s codec.StrView, out *payload.Builder) error {
		if s.Equal("bad") {
			return errors.New("no")
		}
		return stringreverse.Reverse(ctx, s, out)
	})
	c := dial(t, net, service.Config{})
	kept := []string{"x", "y", "z"}
	out := slices.Clone(kept)
	if err := c.CallBatch(t.Context(), []string{"1", "2", "3", "4"}, out); !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("room for 3 of 4: %v, want io.ErrShortBuffer", err)
	}
	var status *service.StatusError
	if err := c.CallBatch(t.Context(), []string{"1", "bad", "3"}, out); !errors.As(err, &status) {
		t.Errorf("one item that fails: %v, want a StatusError", err)
	}
	if !slices.Equal(out, kept) {
		t.Errorf("a failed batch has written %q", out)
	}
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen, used := 0, errors.New("used")
	err := c.ViewBatch(t.Context(), []string{"1", "2", "3"}, func(i int, _ codec.StrView) error {
		seen++
		if i == 1 {
			return used
		}
		return nil
	})
	if !errors.Is(err, used) || seen != 2 {
		t.Errorf("%d answers were passed on, %v", seen, err)
	}
}

func TestCallNotReady(t *testing.T) {
	c := stringreverse.NewClient(linktest.NewNetwork().Dialer(endpoint), service.Config{})
	defer c.Close()
	if s, err := c.Call(t.Context(), "a"); !errors.Is(err, service.ErrNotReady) || s != "" {
		t.Errorf("Call = %q, %v, want ErrNotReady", s, err)
	}
	if err := c.CallBatch(t.Context(), []string{"a", "b"}, make([]string, 2)); !errors.Is(err, service.ErrNotReady) {
		t.Errorf("CallBatch: %v, want ErrNotReady", err)
	}
}

// TestPipelined: calls of many goroutines are under way at once, and each gets its own answer.
func TestPipelined(t *testing.T) {
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, nil)
	c := dial(t, net, service.Config{})
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			in, out := make([]string, 5), make([]string, 5)
			for i := range 100 {
				s := fmt.Sprintf("%d/%d", g, i)
				if got, err := c.Call(t.Context(), s); err != nil || got != reversed(s) {
					t.Errorf("Call(%q) = %q, %v", s, got, err)
					return
				}
				for k := range in {
					in[k] = strings.Repeat(s, k)
				}
				if err := c.CallBatch(t.Context(), in, out); err != nil || out[0] != "" || out[4] != reversed(in[4]) {
					t.Errorf("CallBatch(%q) = %q, %v", in, out, err)
					return
				}
			}
		})
	}
	wg.Wait()
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
	serve(t, net, service.ServerConfig{}, nil)
	c := dial(t, net, service.Config{})
	long := strings.Repeat("0123456789", 50)
	in := slices.Repeat([]string{long}, 20)
	out := make([]string, len(in))
	for name, ctx := range contexts(t) {
		for _, call := range []struct {
			name string
			do   func() error
			most float64
		}{
			{"View", func() error { return c.View(ctx, long, func(codec.StrView) error { return nil }) }, 0},
			{"ViewBatch", func() error { return c.ViewBatch(ctx, in, func(int, codec.StrView) error { return nil }) }, 0},
			{"Call", func() error { _, err := c.Call(ctx, long); return err }, 1},
			{"CallBatch", func() error { return c.CallBatch(ctx, in, out) }, 20},
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
				if n := testing.AllocsPerRun(200, once); n > call.most {
					t.Errorf("%v allocations a call, want %v", n, call.most)
				}
			})
		}
	}
}

func BenchmarkView(b *testing.B) {
	net := linktest.NewNetwork()
	serve(b, net, service.ServerConfig{}, nil)
	c := dial(b, net, service.Config{})
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			s := strings.Repeat("x", n-1) + "y"
			b.ReportAllocs()
			b.SetBytes(int64(n))
			for b.Loop() {
				err := c.View(b.Context(), s, func(v codec.StrView) error {
					if v.Len() != n || v.Bytes()[0] != 'y' {
						return errors.New("wrong answer")
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
