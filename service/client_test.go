package service_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// number is a method of the tests' own: u64 in, u64 out.
type number struct{}

func (number) Code() codec.Method     { return codec.MethodUser + 7 }
func (number) RequestSize(uint64) int { return 8 }
func (number) EncodeRequest(dst []byte, v uint64) (int, error) {
	if v == unencodable {
		return 0, errUnencodable
	}
	binary.NativeEndian.PutUint64(dst, v)
	return 8, nil
}
func (number) DecodeResponse(b []byte) (uint64, error) {
	if len(b) < 8 {
		return 0, codec.FieldError("number", "", codec.ErrTruncated)
	}
	return binary.NativeEndian.Uint64(b), nil
}

const unencodable = 0xdead

var errUnencodable = errors.New("cannot be encoded")

type numberClient = service.Client[uint64, uint64, number]

// provider is the other end, at Level 1, so that tests can let it misbehave.
type provider struct {
	net      *linktest.Network
	name     string
	settings link.Settings
	serve    func(p *provider, conn link.Conn) // one session

	l        link.Listener
	sessions atomic.Int64
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[link.Conn]bool
	dead  bool
}

func (p *provider) start() *provider {
	l, err := p.net.Listen(p.name, linktest.ListenConfig{})
	if err != nil {
		panic(err)
	}
	p.l, p.conns, p.dead = l, map[link.Conn]bool{}, false
	p.wg.Go(func() {
		for {
			in, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			p.wg.Go(func() {
				conn, err := in.Handshake(context.Background(), p.settings)
				if err != nil {
					return
				}
				p.sessions.Add(1)
				p.mu.Lock()
				p.conns[conn] = true
				dead := p.dead
				p.mu.Unlock()
				if !dead {
					p.serve(p, conn)
				}
				conn.Close()
			})
		}
	})
	return p
}

// stop is a provider's death: everything goes at once.
func (p *provider) stop() {
	p.l.Close()
	p.mu.Lock()
	p.dead = true
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// answer sends the response to a request.
func answer(conn link.Conn, h wire.Header, status wire.Status, payload []byte) error {
	h.Kind, h.Status = wire.KindResponse, status
	if status != wire.StatusOK {
		h.Flags, h.ItemCount, payload = 0, 1, nil
	}
	buf, err := conn.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(buf, payload)
	return conn.Commit(h, len(payload), nil)
}

// increment answers every request with its number + 1, batches too.
func increment(_ *provider, conn link.Conn) {
	var m link.Message
	for conn.Recv(&m, nil) == nil {
		out := append([]byte(nil), m.Payload...)
		if m.Header.IsBatch() {
			dir := int(m.Header.ItemCount) * wire.BatchEntrySize
			for at := dir; at < len(out); at += 8 {
				addOne(out[at:])
			}
		} else {
			addOne(out)
		}
		if answer(conn, m.Header, wire.StatusOK, out) != nil {
			return
		}
	}
}

func addOne(b []byte) {
	binary.NativeEndian.PutUint64(b, binary.NativeEndian.Uint64(b)+1)
}

func newPair(t testing.TB, cfg service.Config, serve func(*provider, link.Conn)) (*numberClient, *provider) {
	t.Helper()
	return newPairWith(t, cfg, link.Settings{}, serve)
}

func newPairWith(t testing.TB, cfg service.Config, s link.Settings, serve func(*provider, link.Conn)) (*numberClient, *provider) {
	t.Helper()
	net := linktest.NewNetwork()
	p := (&provider{net: net, name: "number", settings: s, serve: serve}).start()
	c := service.NewClient[uint64, uint64, number](net.Dialer("number"), cfg)
	t.Cleanup(func() { c.Close(); p.stop() })
	return c, p
}

func connect(t testing.TB, c *numberClient) {
	t.Helper()
	if _, err := c.Refresh(context.Background()); err != nil {
		t.Fatalf("Refresh: %v", err)
	}
	if !c.Ready() {
		t.Fatalf("not ready after Refresh: %+v", c.Status())
	}
}

func call(ctx context.Context, c *numberClient, v uint64) (got uint64, err error) {
	err = c.Call(ctx, v, func(n uint64) error { got = n; return nil })
	return got, err
}

func TestCallBeforeRefreshFailsAtOnce(t *testing.T) {
	c, p := newPair(t, service.Config{}, increment)
	if _, err := call(t.Context(), c, 1); !errors.Is(err, service.ErrNotReady) {
		t.Fatalf("got %v, want ErrNotReady", err)
	}
	if n := p.sessions.Load(); n != 0 {
		t.Fatalf("%d sessions were made", n)
	}
	if st := c.Status(); st.State != service.StateDisconnected || st.Errors != 1 {
		t.Fatalf("status %+v", st)
	}
}

func TestCallAndBatch(t *testing.T) {
	c, p := newPair(t, service.Config{Proposal: link.Proposal{RequestItems: 100, RequestPayload: 4096}}, increment)
	connect(t, c)
	for v := range uint64(100) {
		if got, err := call(t.Context(), c, v); err != nil || got != v+1 {
			t.Fatalf("%d: got %d, %v", v, got, err)
		}
	}
	for _, n := range []int{0, 1, 2, 3, 40, 100} {
		in := make([]uint64, n)
		for i := range in {
			in[i] = uint64(i * i)
		}
		next := 0
		err := c.CallBatch(t.Context(), in, func(i int, v uint64) error {
			if i != next || v != in[i]+1 {
				return fmt.Errorf("item %d (want %d): %d", i, next, v)
			}
			next++
			return nil
		})
		if err != nil || next != n {
			t.Fatalf("batch of %d: %d answers, %v", n, next, err)
		}
	}
	if n := p.sessions.Load(); n != 1 {
		t.Fatalf("%d sessions, want 1", n)
	}
}

func TestGrowthOfRequests(t *testing.T) {
	// A batch of more items, and then of more bytes, than were agreed makes a second and a third session.
	c, _ := newPairWith(t, service.Config{}, link.Settings{RequestPayload: 10000}, increment)
	connect(t, c)
	for _, n := range []int{5, 500} {
		sum := 0
		if err := c.CallBatch(t.Context(), make([]uint64, n), func(int, uint64) error { sum++; return nil }); err != nil || sum != n {
			t.Fatalf("batch of %d: %d, %v", n, sum, err)
		}
	}
	if st := c.Status(); st.Limits.RequestItems != 512 || st.Limits.RequestPayload != 8192 {
		t.Fatalf("agreed %+v", st.Limits)
	}
	// Beyond the provider's maximum there is one refusal, an error that names the limits, and life goes on.
	before := c.Status().Connects
	for n, ceiling := range map[int]uint64{1000: 0, 70000: 1 << 20} {
		err := c.CallBatch(t.Context(), make([]uint64, n), func(int, uint64) error { return nil })
		var growth *service.GrowthError
		if !errors.As(err, &growth) || growth.Ceiling != ceiling {
			t.Fatalf("batch of %d: got %v, want a *GrowthError with ceiling %d", n, err, ceiling)
		}
	}
	if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
		t.Fatalf("afterwards: %d, %v", got, err)
	}
	if n := c.Status().Connects; n != before {
		t.Fatalf("%d sessions were made over it", n-before)
	}
}

func TestStatusErrors(t *testing.T) {
	for _, tc := range []struct {
		status   wire.Status
		sessions int64 // made in all
		state    service.State
	}{
		{wire.StatusUnsupported, 1, service.StateReady},
		{wire.StatusInternalError, 2, service.StateBroken},
		{wire.StatusBadEnvelope, 2, service.StateBroken},
	} {
		t.Run(tc.status.String(), func(t *testing.T) {
			c, p := newPair(t, service.Config{}, func(_ *provider, conn link.Conn) {
				var m link.Message
				for conn.Recv(&m, nil) == nil {
					answer(conn, m.Header, tc.status, nil)
				}
			})
			connect(t, c)
			_, err := call(t.Context(), c, 1)
			var status *service.StatusError
			if !errors.As(err, &status) || status.Status != tc.status {
				t.Fatalf("got %v", err)
			}
			if n := p.sessions.Load(); n != tc.sessions {
				t.Errorf("%d sessions, want %d", n, tc.sessions)
			}
			if st := c.Status(); st.State != tc.state {
				t.Errorf("state %v, want %v", st.State, tc.state)
			}
		})
	}
}

func TestMalformedAnswerEndsTheSession(t *testing.T) {
	c, p := newPair(t, service.Config{}, func(p *provider, conn link.Conn) {
		var m link.Message
		for conn.Recv(&m, nil) == nil {
			if p.sessions.Load() == 1 {
				answer(conn, m.Header, wire.StatusOK, m.Payload[:4])
			} else {
				answer(conn, m.Header, wire.StatusOK, m.Payload)
			}
		}
	})
	connect(t, c)
	if got, err := call(t.Context(), c, 5); err != nil || got != 5 {
		t.Fatalf("got %d, %v", got, err)
	}
	if n := p.sessions.Load(); n != 2 {
		t.Fatalf("%d sessions, want 2", n)
	}
	if st := c.Status(); st.Retries != 1 || st.Reconnects != 1 || !errors.Is(st.LastError, service.ErrMalformed) {
		t.Fatalf("status %+v", st)
	}
}

func TestProviderDiesAndComesBack(t *testing.T) {
	c, p := newPair(t, service.Config{ReconnectWindow: 20 * time.Millisecond}, increment)
	connect(t, c)
	p.stop()
	if _, err := call(t.Context(), c, 1); !errors.Is(err, link.ErrNotFound) {
		t.Fatalf("while it is dead: %v", err)
	}
	if st := c.Status(); st.State != service.StateNotFound || c.Ready() {
		t.Fatalf("state %v", st.State)
	}
	if _, err := call(t.Context(), c, 1); !errors.Is(err, service.ErrNotReady) {
		t.Fatalf("a second call: %v", err)
	}
	if changed, err := c.Refresh(t.Context()); changed || !errors.Is(err, link.ErrNotFound) {
		t.Fatalf("Refresh: %v, %v", changed, err)
	}
	p.start()
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Fatalf("Refresh: %v, %v", changed, err)
	}
	if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
		t.Fatalf("after it came back: %d, %v", got, err)
	}
	// Restarted between two calls: nobody notices.
	p.stop()
	p.start()
	if got, err := call(t.Context(), c, 2); err != nil || got != 3 {
		t.Fatalf("after a restart: %d, %v", got, err)
	}
	// Restarted while idle: Refresh notices.
	p.stop()
	p.start()
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Fatalf("Refresh: %v, %v", changed, err)
	}
}

func TestEncodeErrorStopsTheCallAlone(t *testing.T) {
	c, p := newPair(t, service.Config{}, increment)
	connect(t, c)
	if _, err := call(t.Context(), c, unencodable); !errors.Is(err, errUnencodable) {
		t.Fatalf("got %v", err)
	}
	if got, err := call(t.Context(), c, 1); err != nil || got != 2 || p.sessions.Load() != 1 {
		t.Fatalf("afterwards: %d, %v, %d sessions", got, err, p.sessions.Load())
	}
}

func TestUseErrorIsPassedOn(t *testing.T) {
	c, _ := newPair(t, service.Config{}, increment)
	connect(t, c)
	mine := errors.New("mine")
	if err := c.Call(t.Context(), 1, func(uint64) error { return mine }); err != mine {
		t.Fatalf("got %v", err)
	}
}

func TestLease(t *testing.T) {
	c, _ := newPair(t, service.Config{Proposal: link.Proposal{Depth: 1}}, increment)
	connect(t, c)
	l, err := c.Acquire(t.Context(), 7)
	if err != nil || l.View() != 8 {
		t.Fatalf("%v, %v", l.View(), err)
	}
	done := make(chan error)
	go func() { _, err := call(context.Background(), c, 1); done <- err }()
	select {
	case err := <-done:
		t.Fatalf("the only place was taken, and yet: %v", err)
	default:
	}
	copied := l
	l.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// The place has had another user: releasing again must not take it from the next.
	next, err := c.Acquire(t.Context(), 9)
	if err != nil {
		t.Fatal(err)
	}
	l.Release()
	copied.Release()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := call(ctx, c, 1); !errors.Is(err, service.ErrTimeout) {
		t.Fatalf("a stale release freed the place: %v", err)
	}
	next.Release()
}
