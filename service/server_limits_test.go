package service_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// sized answers with as many bytes as the request asks for, in KiB.
func sized(_ context.Context, req []byte, out *blob) error {
	return out.put(make([]byte, int(req[0])<<10|int(req[1])))
}

// The response limit of an unconfigured server doubles from 64 KiB to 1 MiB, driven by answers that do not fit
// (spec 15-o).
func TestServerCeilingGrows(t *testing.T) {
	bubble(t, func(t *testing.T) {
		huge := func(_ context.Context, _ []byte, out *blob) error { return out.put(make([]byte, 3<<20)) }
		r := newRig(t, service.ServerConfig{}, huge)
		for _, want := range []uint32{64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 1 << 20} {
			// Two sessions that find out at the same time count as one.
			a, b := r.mustDial(link.Proposal{}), r.mustDial(link.Proposal{})
			for _, c := range []link.Conn{a, b} {
				if got := c.Info().Limits.ResponsePayload; got != want {
					t.Fatalf("a session got %d bytes for responses, want %d", got, want)
				}
				wantStatus(t, c, blobRequest(1), nil, wire.StatusLimitExceeded)
				wantEnd(t, c)
			}
		}
		if st := r.s.Status(); st.ResponseCeiling != 1<<20 || st.Answers[wire.StatusLimitExceeded] != 12 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestServerConfiguredCeilingIsFixed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, limit := range []uint32{1, 1 << 10, 100 << 10, 2 << 20} {
			r := newRig(t, service.ServerConfig{MaxResponsePayload: limit}, func(_ context.Context, _ []byte, out *blob) error {
				return out.put(make([]byte, limit+1))
			})
			for range 2 {
				c := r.mustDial(link.Proposal{})
				if got := c.Info().Limits.ResponsePayload; got != limit {
					t.Fatalf("a session got %d bytes for responses, want %d", got, limit)
				}
				wantStatus(t, c, blobRequest(1), nil, wire.StatusLimitExceeded)
				wantEnd(t, c)
			}
		}
	})
}

// A handler may ignore its builder's error, or return it: the answer is the same.
func TestServerOverflowIgnoredByHandler(t *testing.T) {
	for name, ignore := range map[string]bool{"returned": false, "ignored": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, service.ServerConfig{MaxResponsePayload: 100}, func(_ context.Context, _ []byte, out *blob) error {
					err := out.put(make([]byte, 101))
					if ignore {
						return nil
					}
					return err
				})
				c := r.mustDial(link.Proposal{})
				wantStatus(t, c, blobRequest(1), nil, wire.StatusLimitExceeded)
				wantEnd(t, c)
			})
		})
	}
}

func TestServerRequestCeiling(t *testing.T) {
	r := newRig(t, service.ServerConfig{}, echo)
	c := r.mustDial(link.Proposal{RequestPayload: link.GrowthCeiling})
	big := bytes.Repeat([]byte("x"), 60<<10)
	if h, p, err := ask(c, blobRequest(1), big); err != nil || h.Status != wire.StatusOK || !bytes.Equal(p, big) {
		t.Errorf("%+v, %v", h, err)
	}
	_, err := r.dial(link.Proposal{RequestPayload: link.GrowthCeiling + 1})
	wantRefused(t, err, wire.StatusLimitExceeded)

	r = newRig(t, service.ServerConfig{MaxRequestPayload: 100}, echo)
	_, err = r.dial(link.Proposal{RequestPayload: 101})
	wantRefused(t, err, wire.StatusLimitExceeded)
}

// A large limit costs nothing until it is used, and an answer of the size of the one before needs no growing.
func TestServerReservesLittle(t *testing.T) {
	var w watchedListener
	r := newRigOn(t, linktest.ListenConfig{}, w.wrap, service.ServerConfig{MaxResponsePayload: 64 << 20}, sized)
	c := r.mustDial(link.Proposal{})
	for i, step := range []struct {
		kib, rest byte
		most      int // reserved at first
		grown     bool
	}{
		{0, 10, 64, false},
		{0, 10, 64, false},
		{100, 0, 64, true},
		{100, 0, 100 << 10, false},
		{0, 8, 100 << 10, false},
		{0, 8, 64, false},
	} {
		w.forget()
		h, _, err := ask(c, blobRequest(uint64(i)), []byte{step.kib, step.rest})
		if err != nil || h.Status != wire.StatusOK {
			t.Fatalf("step %d: %+v, %v", i, h, err)
		}
		got := w.sizes()
		if got[0] > step.most || (len(got) > 1) != step.grown {
			t.Errorf("step %d: reserved %v, want at most %d at first, grown %v", i, got, step.most, step.grown)
		}
	}
}

// watchedListener records what its sessions reserve.
type watchedListener struct {
	link.Listener
	mu       sync.Mutex
	reserved []int
}

func (w *watchedListener) wrap(l link.Listener) link.Listener {
	w.Listener = l
	return w
}

func (w *watchedListener) Accept(ctx context.Context) (link.Incoming, error) {
	in, err := w.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return watchedIncoming{in, w}, nil
}

func (w *watchedListener) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reserved = nil
}

func (w *watchedListener) sizes() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]int(nil), w.reserved...)
}

type watchedIncoming struct {
	link.Incoming
	w *watchedListener
}

func (i watchedIncoming) Handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	c, err := i.Incoming.Handshake(ctx, s)
	if err != nil {
		return nil, err
	}
	return watchedConn{c, i.w}, nil
}

type watchedConn struct {
	link.Conn
	w *watchedListener
}

func (c watchedConn) Reserve(n int) ([]byte, error) {
	c.w.mu.Lock()
	c.w.reserved = append(c.w.reserved, n)
	c.w.mu.Unlock()
	return c.Conn.Reserve(n)
}
