package service_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// tapped is a dialer that a test gets into the way of.
type tapped struct {
	link.Dialer
	dial func(ctx context.Context, p link.Proposal, next func() (link.Conn, error)) (link.Conn, error)
	conn func(link.Conn) link.Conn
}

func (d *tapped) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	next := func() (link.Conn, error) { return d.Dialer.Dial(ctx, p) }
	var conn link.Conn
	var err error
	if d.dial != nil {
		conn, err = d.dial(ctx, p, next)
	} else {
		conn, err = next()
	}
	if err == nil && d.conn != nil {
		conn = d.conn(conn)
	}
	return conn, err
}

// newTapped is newPair with a tap.
func newTapped(t testing.TB, cfg service.Config, tap *tapped, serve func(*provider, link.Conn)) (*numberClient, *provider) {
	t.Helper()
	net := linktest.NewNetwork()
	p := (&provider{net: net, name: "number", serve: serve}).start()
	tap.Dialer = net.Dialer("number")
	c := service.NewClient[uint64, uint64, number](tap, cfg)
	t.Cleanup(func() { c.Close(); p.stop() })
	return c, p
}

// settled checks that a client that nobody calls owes nothing, once a reader that is not needed any more has left.
func settled(t testing.TB, c *numberClient) {
	t.Helper()
	err := c.Debt()
	for range 1_000_000 { // turns, not time: it is used in bubbles, too
		if err == nil {
			return
		}
		runtime.Gosched()
		err = c.Debt()
	}
	t.Errorf("left behind: %v", err)
}

// result is how a call that was made beside the test has ended.
type result struct {
	got uint64
	err error
}

// begin makes a call beside the test.
func begin(ctx context.Context, c *numberClient, v uint64) <-chan result {
	done := make(chan result, 1)
	go func() {
		got, err := call(ctx, c, v)
		done <- result{got, err}
	}()
	return done
}

// wantAnswer checks that a call ends well.
func wantAnswer(t testing.TB, what string, done <-chan result, want uint64) {
	t.Helper()
	if r := linktest.Await(t, what, done); r.err != nil || r.got != want {
		t.Errorf("%s: %d, %v; want %d", what, r.got, r.err, want)
	}
}

// stage is a provider whose sessions differ from one another.
type stage struct {
	settings func(n int) link.Settings   // of the n-th handshake, from 0; nil: the defaults
	serve    func(n int, conn link.Conn) // the n-th session
	seats    int                         // sessions at a time; 0: any number
}

// open starts the provider and returns a client for it.
func (st stage) open(t testing.TB, cfg service.Config, tap *tapped) *numberClient {
	t.Helper()
	net := linktest.NewNetwork()
	l, err := net.Listen("number", linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var seated atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		for n := 0; ; n++ {
			in, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			if st.seats > 0 && seated.Load() >= int64(st.seats) {
				n--
				wg.Go(func() { in.Refuse(ctx, wire.StatusInternalError) })
				continue
			}
			seated.Add(1)
			wg.Go(func() {
				defer seated.Add(-1)
				var s link.Settings
				if st.settings != nil {
					s = st.settings(n)
				}
				conn, err := in.Handshake(ctx, s)
				if err != nil {
					return
				}
				stop := context.AfterFunc(ctx, func() { conn.Close() })
				defer stop()
				st.serve(n, conn)
				conn.Close()
			})
		}
	})
	var d link.Dialer = net.Dialer("number")
	if tap != nil {
		tap.Dialer, d = d, tap
	}
	c := service.NewClient[uint64, uint64, number](d, cfg)
	t.Cleanup(func() {
		c.Close()
		l.Close()
		cancel()
		wg.Wait()
	})
	return c
}

// incrementing is increment for a stage.
func incrementing(_ int, conn link.Conn) { increment(nil, conn) }

// mirror is a session that answers a request with itself, before Commit returns. One caller at a time.
type mirror struct {
	link.Conn
	info    link.Info
	buf, in []byte
	h       wire.Header
}

// newMirror returns a mirror in the place of conn, with as many requests in flight as depth says; 0: conn's own.
func newMirror(conn link.Conn, depth int) *mirror {
	m := &mirror{Conn: conn, info: conn.Info(), buf: make([]byte, 64), in: make([]byte, 40)}
	if depth > 0 {
		m.info.Depth = depth
	}
	return m
}

func (m *mirror) Info() link.Info               { return m.info }
func (m *mirror) Reserve(n int) ([]byte, error) { return m.buf[:n], nil }
func (m *mirror) Commit(h wire.Header, n int, _ *link.Deadline) error {
	h.Kind, h.PayloadLen = wire.KindResponse, uint32(n)
	m.h = h
	copy(m.in[wire.HeaderSize:], m.buf[:n])
	return nil
}
func (m *mirror) Recv(msg *link.Message, _ *link.Deadline) error {
	msg.Set(m.h, m.in)
	return nil
}
func (m *mirror) Exchange(h wire.Header, n int, in *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	return link.InTurn(m, h, n, in, d, sent)
}
