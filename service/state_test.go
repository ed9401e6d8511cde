package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"pgregory.net/rapid"
)

// TestClientLifeCycle runs random programs against a client and compares what it says with a model: what the
// provider is (absent, good, refusing, failing) and what the client believes.
func TestClientLifeCycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &lifeCycle{net: linktest.NewNetwork()}
		m.client = service.NewClient[uint64, uint64, number](m.net.Dialer("number"), service.Config{ReconnectWindow: time.Nanosecond})
		defer m.end()
		t.Repeat(map[string]func(*rapid.T){
			"":         m.check,
			"start":    m.start,
			"stop":     m.stop,
			"refresh":  m.refresh,
			"call":     m.call,
			"batch":    m.batch,
			"cancel":   m.cancelled,
			"abort":    m.abort,
			"close":    m.close,
			"garble":   m.garble,
			"restart":  func(t *rapid.T) { m.stop(t); m.start(t) },
			"twice":    func(t *rapid.T) { m.refresh(t); m.call(t) },
			"comeback": func(t *rapid.T) { m.garble(t); m.call(t); m.refresh(t); m.call(t) },
		})
	})
}

type lifeCycle struct {
	net      *linktest.Network
	client   *numberClient
	provider *provider

	state  service.State // the model's
	live   bool          // the client's session belongs to the provider that runs
	broken bool          // the provider fails every request
	closed bool
	calls  uint64
}

func (m *lifeCycle) end() {
	m.client.Close()
	if m.provider != nil {
		m.provider.stop()
	}
}

func (m *lifeCycle) check(t *rapid.T) {
	st := m.client.Status()
	if st.State != m.state || m.client.Ready() != (m.state == service.StateReady) {
		t.Fatalf("state %v, ready %v; the model says %v", st.State, m.client.Ready(), m.state)
	}
	if st.Calls != m.calls {
		t.Fatalf("%d calls; the model says %d", st.Calls, m.calls)
	}
}

func (m *lifeCycle) start(t *rapid.T) {
	if m.provider != nil {
		t.Skip("runs already")
	}
	m.broken = rapid.IntRange(0, 3).Draw(t, "broken") == 0
	broken := m.broken
	m.provider = (&provider{net: m.net, name: "number", serve: func(p *provider, conn link.Conn) {
		if !broken {
			increment(p, conn)
			return
		}
		var msg link.Message
		if conn.Recv(&msg, nil) == nil {
			answer(conn, msg.Header, wire.StatusInternalError, nil)
		}
	}}).start()
}

func (m *lifeCycle) stop(t *rapid.T) {
	if m.provider == nil {
		t.Skip("does not run")
	}
	m.provider.stop()
	m.provider, m.live = nil, false
}

func (m *lifeCycle) refresh(t *rapid.T) {
	before, wasLive := m.state, m.live
	changed, err := m.client.Refresh(context.Background())
	switch {
	case m.closed:
		if !errors.Is(err, service.ErrClosed) {
			t.Fatalf("closed: %v", err)
		}
		return
	case m.provider == nil:
		m.state = service.StateNotFound
		if !errors.Is(err, link.ErrNotFound) {
			t.Fatalf("nobody there: %v", err)
		}
	default:
		m.state = service.StateReady
		m.live = true
		if err != nil {
			t.Fatalf("a provider is there: %v", err)
		}
	}
	if want := m.state != before || m.live != wasLive; changed != want {
		t.Fatalf("changed %v, want %v", changed, want)
	}
}

// outcome updates the model for a call and judges its error.
func (m *lifeCycle) outcome(t *rapid.T, err error) {
	var status *service.StatusError
	switch {
	case m.closed:
		if !errors.Is(err, service.ErrClosed) {
			t.Fatalf("closed: %v", err)
		}
	case m.state != service.StateReady:
		if !errors.Is(err, service.ErrNotReady) {
			t.Fatalf("not ready: %v", err)
		}
	case m.provider == nil:
		m.state, m.live = service.StateNotFound, false
		if !errors.Is(err, link.ErrNotFound) {
			t.Fatalf("nobody there: %v", err)
		}
	case m.broken:
		m.state, m.live = service.StateBroken, false
		if !errors.As(err, &status) || status.Status != wire.StatusInternalError {
			t.Fatalf("a failing provider: %v", err)
		}
	default:
		m.calls++
		m.live = true
		if err != nil {
			t.Fatalf("a good provider: %v", err)
		}
	}
}

func (m *lifeCycle) call(t *rapid.T) {
	v := rapid.Uint64().Filter(func(v uint64) bool { return v != unencodable }).Draw(t, "v")
	got, err := call(context.Background(), m.client, v)
	m.outcome(t, err)
	if err == nil && got != v+1 {
		t.Fatalf("got %d for %d", got, v)
	}
}

func (m *lifeCycle) batch(t *rapid.T) {
	in := rapid.SliceOfN(rapid.Uint64Range(0, 1000), 1, 200).Draw(t, "in")
	n := 0
	err := m.client.CallBatch(context.Background(), in, func(i int, v uint64) error {
		if i != n || v != in[i]+1 {
			t.Fatalf("item %d: %d", i, v)
		}
		n++
		return nil
	})
	m.outcome(t, err)
	if err == nil && n != len(in) {
		t.Fatalf("%d answers for %d", n, len(in))
	}
}

// cancelled: a context that has ended before the call changes nothing at all.
func (m *lifeCycle) cancelled(t *rapid.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := call(ctx, m.client, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func (m *lifeCycle) abort(t *rapid.T) {
	m.client.Abort()
	if _, err := call(context.Background(), m.client, 1); !errors.Is(err, service.ErrAborted) {
		t.Fatalf("got %v", err)
	}
	m.client.ClearAbort()
}

// garble: what cannot be encoded fails the call alone.
func (m *lifeCycle) garble(t *rapid.T) {
	if m.state != service.StateReady || !m.live || m.closed {
		return
	}
	if _, err := call(context.Background(), m.client, unencodable); !errors.Is(err, errUnencodable) {
		t.Fatalf("got %v", err)
	}
}

func (m *lifeCycle) close(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "sure") != 0 {
		t.Skip("closing ends the program")
	}
	m.client.Close()
	m.closed, m.state, m.live = true, service.StateDisconnected, false
}
