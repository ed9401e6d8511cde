package local_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

// endpoint is a listener of this system's transport and a dialer for it.
func endpoint(t *testing.T) (link.Listener, link.Dialer) {
	t.Helper()
	dir := shortDir(t)
	l, err := local.Listen(t.Context(), dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	d, err := local.NewDialer(dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	return l, d
}

// running runs something until the test is over.
func running(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		linktest.Await(t, "what serves", done)
	})
}

func connected(t *testing.T, d link.Dialer, cfg service.Config) *increment.Client {
	t.Helper()
	c := increment.NewClient(d, cfg)
	t.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPipelined: many goroutines, one client, one session; answers are never mixed up, and requests do not wait
// for the answers to those before.
func TestPipelined(t *testing.T) {
	supported(t)
	back, backDialer := endpoint(t)
	s := increment.NewServer(back, service.ServerConfig{}, increment.Next)
	running(t, s.Serve)
	front, d := endpoint(t)
	relay := linktest.NewRelay(front, backDialer)
	running(t, relay.Run)
	c := connected(t, d, service.Config{})

	var wg sync.WaitGroup
	for g := range uint64(64) {
		wg.Go(func() {
			for i := range uint64(200) {
				v := g<<32 | i
				if got, err := c.Call(t.Context(), v); err != nil || got != v+1 {
					t.Errorf("%x: got %x, %v", v, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := relay.Sessions(); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
	if n := relay.MaxOutstanding(); n < 8 {
		t.Errorf("at most %d requests were outstanding, want 8 or more", n)
	}
	t.Logf("at most %d requests were outstanding", relay.MaxOutstanding())
}

// TestAnsweredInPairs: the first request is answered only after the second has been read.
func TestAnsweredInPairs(t *testing.T) {
	supported(t)
	l, d := endpoint(t)
	running(t, func(ctx context.Context) error {
		return linktest.AnswerInPairs(ctx, l, func(_ uint16, payload []byte) []byte {
			return binary.NativeEndian.AppendUint64(nil, binary.NativeEndian.Uint64(payload)+1)
		})
	})
	c := connected(t, d, service.Config{})
	for range 50 {
		var wg sync.WaitGroup
		for v := range uint64(2) {
			wg.Go(func() {
				if got, err := c.Call(t.Context(), v); err != nil || got != v+1 {
					t.Errorf("%d: got %d, %v", v, got, err)
				}
			})
		}
		wg.Wait()
	}
}

// TestSomeCancel: of 64 callers one in eight cancels at random points; the others see no error, and nobody a
// second session.
func TestSomeCancel(t *testing.T) {
	supported(t)
	l, d := endpoint(t)
	s := increment.NewServer(l, service.ServerConfig{}, increment.Next)
	running(t, s.Serve)
	c := connected(t, d, service.Config{})
	var wg sync.WaitGroup
	var left atomic.Int64
	for g := range uint64(64) {
		wg.Go(func() {
			for i := range uint64(200) {
				v := g<<32 | i
				ctx, cancel := context.WithCancel(t.Context())
				if g%8 == 0 {
					time.AfterFunc(rand.N(300*time.Microsecond), cancel)
				}
				got, err := c.Call(ctx, v)
				cancel()
				switch {
				case err == nil && got == v+1:
				case g%8 == 0 && errors.Is(err, context.Canceled):
					left.Add(1)
				default:
					t.Errorf("%x: got %x, %v", v, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if left.Load() == 0 {
		t.Error("nobody left early: nothing was tested")
	}
	if st := c.Status(); st.Connects != 1 || st.Retries != 0 {
		t.Errorf("%d sessions, %d requests sent again", st.Connects, st.Retries)
	}
	t.Logf("%d calls were cancelled", left.Load())
}
