package service_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// serverModel is what a server should be like, beside one that is.
type serverModel struct {
	t     *testing.T
	seats int
	r     *rig

	gates   sync.Map // by session id
	open    []*modelSession
	silent  []link.Packets // hold a seat: virtual time stands still
	ended   bool           // no more clients
	closing bool           // calls in progress are cut
	ends    []chan error   // of Shutdown calls that wait

	requests, ok, failed, unsupported, bad, panics, violations uint64
	accepted, refused                                          uint64
}

type modelSession struct {
	c      link.Conn
	id     uint64 // of the last request
	inside bool   // its handler waits
	gate   chan string
}

// busy returns how many handlers wait.
func (m *serverModel) busy() (n int) {
	for _, s := range m.open {
		if s.inside {
			n++
		}
	}
	return n
}

// The handler does what its request says. "wait" waits to be told.
func (m *serverModel) handle(ctx context.Context, req []byte, out *blob) error {
	what := string(req)
	if what == "wait" {
		info, _ := service.SessionFrom(ctx)
		gate, _ := m.gates.Load(info.SessionID)
		select {
		case what = <-gate.(chan string):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	switch what {
	case "fail":
		return errors.New("as told")
	case "panic":
		panic("as told")
	}
	return out.put([]byte(what))
}

func (m *serverModel) connect(t *rapid.T) {
	c, err := m.r.dial(link.Proposal{RequestItems: 2})
	switch {
	case m.ended:
		if !errors.Is(err, link.ErrNotFound) {
			t.Fatalf("dial of an ended server: %v", err)
		}
	case len(m.open)+len(m.silent) >= m.seats && len(m.silent) == 0:
		m.refused++
		var refused *link.RefusedError
		if !errors.As(err, &refused) || refused.Status != wire.StatusInternalError {
			t.Fatalf("dial of a full server: %v", err)
		}
	case err != nil:
		t.Fatal(err)
	default:
		if len(m.open)+len(m.silent) >= m.seats {
			m.silent = m.silent[1:] // the one that has been silent for longest had to go
			m.refused++
		}
		m.accepted++
		gate := make(chan string)
		m.gates.Store(c.Info().SessionID, gate)
		m.open = append(m.open, &modelSession{c: c, gate: gate})
	}
}

func (m *serverModel) connectSilently(t *rapid.T) {
	if m.ended || len(m.open)+len(m.silent) >= m.seats {
		t.Skip("no seat")
	}
	p, err := m.r.net.Connect(rigName)
	if err != nil {
		t.Fatal(err)
	}
	m.t.Cleanup(func() { p.Close() })
	m.silent = append(m.silent, p)
}

// pick returns a session whose handler waits, or one that is idle.
func (m *serverModel) pick(t *rapid.T, inside bool) *modelSession {
	var some []*modelSession
	for _, s := range m.open {
		if s.inside == inside {
			some = append(some, s)
		}
	}
	if len(some) == 0 {
		t.Skip("none")
	}
	return rapid.SampledFrom(some).Draw(t, "session")
}

func (m *serverModel) hangUp(t *rapid.T) {
	s := m.pick(t, false)
	s.c.Close()
	m.gone(s)
}

func (m *serverModel) gone(s *modelSession) {
	m.open = slices.DeleteFunc(m.open, func(o *modelSession) bool { return o == s })
}

// request asks for something that is answered at once.
func (m *serverModel) request(t *rapid.T) {
	s := m.pick(t, false)
	s.id++
	h := blobRequest(s.id)
	what := rapid.SampledFrom([]string{"x", "fail", "panic", "\xff", "other method", "batch", "misaligned"}).Draw(t, "what")
	payload := []byte(what)
	switch what {
	case "other method":
		h.Code++
	case "batch":
		h.Flags, h.ItemCount = wire.FlagBatch, 2
		payload = batchOf([]byte("x"), []byte("y"))
	case "misaligned":
		h.Flags, h.ItemCount = wire.FlagBatch, 2
		payload = batchOf([]byte("x"), []byte("y"))
		payload[0] = 3
	}
	if err := sendBlob(s.c, h, payload); err != nil {
		t.Fatal(err)
	}
	m.hear(t, s, what)
}

// enter asks for something that is not answered before leave.
func (m *serverModel) enter(t *rapid.T) {
	s := m.pick(t, false)
	s.id++
	if err := sendBlob(s.c, blobRequest(s.id), []byte("wait")); err != nil {
		t.Fatal(err)
	}
	s.inside = true
}

func (m *serverModel) leave(t *rapid.T) {
	s := m.pick(t, true)
	what := rapid.SampledFrom([]string{"x", "fail", "panic"}).Draw(t, "what")
	s.gate <- what
	s.inside = false
	m.hear(t, s, what)
	if m.ended {
		m.gone(s)
	}
}

// hear awaits the answer to the session's last request.
func (m *serverModel) hear(t *rapid.T, s *modelSession, what string) {
	h, _, err := hear(s.c)
	if err != nil || h.MessageID != s.id {
		t.Fatalf("%s: answer %+v, %v", what, h, err)
	}
	want, ends := wire.StatusOK, true
	switch what {
	case "fail":
		want = wire.StatusInternalError
		m.failed++
	case "panic":
		want = wire.StatusInternalError
		m.failed++
		m.panics++
	case "\xff", "misaligned":
		want = wire.StatusBadEnvelope
		m.bad++
		m.violations++
	case "other method":
		want, ends = wire.StatusUnsupported, false
		m.unsupported++
	default:
		ends = false
		m.ok++
	}
	if what != "misaligned" {
		m.requests++ // received whole and in order
	}
	if h.Status != want {
		t.Fatalf("%s: status %v, want %v", what, h.Status, want)
	}
	if ends || m.ended {
		if _, _, err := hear(s.c); !errors.Is(err, link.ErrPeerClosed) {
			t.Fatalf("%s: session ended with %v", what, err)
		}
		m.gone(s)
	}
}

func (m *serverModel) shutdown(*rapid.T) {
	done := make(chan error, 1)
	go func() { done <- m.r.s.Shutdown(context.Background()) }()
	m.ends = append(m.ends, done)
	m.end()
}

func (m *serverModel) close(t *rapid.T) {
	m.closing = true
	busy := uint64(m.busy())
	if err := m.r.s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	m.requests += busy
	for _, s := range m.open {
		s.inside = false
	}
	m.end()
}

// end is what the end of the server does to those who are not inside a handler.
func (m *serverModel) end() {
	if !m.ended {
		m.refused += uint64(len(m.silent))
	}
	m.ended, m.silent = true, nil
	m.open = slices.DeleteFunc(m.open, func(s *modelSession) bool { return !s.inside })
}

func (m *serverModel) check(t *rapid.T) {
	synctest.Wait()
	st := m.r.s.Status()
	if st.Sessions != len(m.open) || st.Handshakes != len(m.silent) || st.Serving == m.ended {
		t.Fatalf("%d sessions, %d handshakes, serving %v; want %d, %d, %v",
			st.Sessions, st.Handshakes, st.Serving, len(m.open), len(m.silent), !m.ended)
	}
	if st.Accepted != m.accepted || st.Refused != m.refused || st.Violations != m.violations || st.Panics != m.panics {
		t.Fatalf("status %+v, want %d accepted, %d refused, %d violations, %d panics", st, m.accepted, m.refused, m.violations, m.panics)
	}
	want := service.Answers{wire.StatusOK: m.ok, wire.StatusInternalError: m.failed, wire.StatusUnsupported: m.unsupported, wire.StatusBadEnvelope: m.bad}
	if st.Requests != m.requests+uint64(m.busy()) || st.Answers != want {
		t.Fatalf("%d requests, answers %v; want %d, %v", st.Requests, st.Answers, m.requests+uint64(m.busy()), want)
	}
	busy := 0
	for _, s := range m.r.s.Sessions() {
		if s.Busy {
			busy++
		}
	}
	if busy != m.busy() {
		t.Fatalf("%d busy sessions, want %d", busy, m.busy())
	}
	over := m.ended && m.busy() == 0
	for _, done := range m.ends {
		if over != (len(done) == 1) {
			t.Fatalf("Shutdown has returned: %v, want %v", !over, over)
		}
	}
	if over != (len(m.r.served) == 1) {
		t.Fatalf("Serve has returned: %v, want %v", !over, over)
	}
}

func TestServerModel(t *testing.T) {
	soak(t, 50_000)
	rapid.Check(t, func(rt *rapid.T) {
		seats := rapid.IntRange(1, 4).Draw(rt, "seats")
		var failure any // a panic with which rapid ends an attempt; it is to be seen on its own goroutine
		synctest.Test(t, func(t *testing.T) {
			m := &serverModel{t: t, seats: seats}
			defer func() { failure = recover() }()
			m.r = newRigOn(t, linktest.ListenConfig{HandshakeTimeout: -1}, nil, service.ServerConfig{MaxSessions: seats}, m.handle)
			rt.Repeat(map[string]func(*rapid.T){
				"connect":  m.connect,
				"silent":   m.connectSilently,
				"hang up":  m.hangUp,
				"request":  m.request,
				"request ": m.request,
				"enter":    m.enter,
				"leave":    m.leave,
				"shutdown": rare(m.shutdown),
				"close":    rare(m.close),
				"":         m.check,
			})
			m.close(rt)
			m.check(rt)
		})
		if failure != nil {
			panic(failure)
		}
	})
}

// rare makes an action happen less often than others.
func rare(action func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if rapid.IntRange(0, 7).Draw(t, "really") != 0 {
			t.Skip("not this time")
		}
		action(t)
	}
}
