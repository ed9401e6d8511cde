package linktest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// The suite on a transport that is not made of packets and whose Conn is not a Session: the handshake goes over a pipe
// of a Network, and then each direction is one area that holds one message, published whole over what was there.
func TestConformanceWhole(t *testing.T) { Run(t, wholeHarness()) }

// wholeProfile is what sessions of areas are negotiated by.
const wholeProfile = wire.ProfileSHMHybrid

func wholeHarness() Harness {
	const name = "whole"
	w := &wholes{areas: map[*pipe]*areas{}}
	open := func(tb testing.TB, limit time.Duration) (link.Listener, link.Dialer) {
		n := NewNetwork()
		l, err := n.Listen(name, ListenConfig{HandshakeTimeout: limit})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { l.Close() })
		return wholeListener{l, w}, wholeDialer{n.Dialer(name), n, w}
	}
	return Harness{
		Name:       "memory, whole messages",
		Profile:    wholeProfile,
		Proposal:   link.Proposal{Supported: wire.ProfileBaseline | wholeProfile},
		Settings:   link.Settings{Supported: wire.ProfileBaseline | wholeProfile},
		Nature:     Nature{Whole: true, Depth: 1},
		New:        func(tb testing.TB) (link.Listener, link.Dialer) { return open(tb, 0) },
		NewLimited: open,
		Raw: func(tb testing.TB, l link.Listener) Raw {
			return l.(wholeListener).Listener.(*listener).network.RawClient(tb, name)
		},
		RawServer: func(tb testing.TB) (func() Raw, link.Dialer) {
			n := NewNetwork()
			return n.RawServer(tb, name, ListenConfig{}), wholeDialer{n.Dialer(name), n, w}
		},
		Medium: func(_ testing.TB, r Raw, server bool, _ wire.HelloAck) Raw {
			return rawWhole{w.session(r.(raw).packets.(*end), !server, link.Info{}), r}
		},
		Reset: func(c link.Conn) {
			if s, ok := c.(*wholeConn); ok {
				s.areas.end(func() { s.areas.broken = true })
			} else {
				c.(*Conn).Reset()
			}
		},
	}
}

// wholes are the areas of all sessions, by the connection that their handshake went over.
type wholes struct {
	mu    sync.Mutex
	areas map[*pipe]*areas
}

// areas are what two ends share.
type areas struct {
	mu     sync.Mutex
	to     [2]area // by who receives: the client, the server
	ends   [2]*wholeConn
	closed [2]bool
	broken bool
}

// area is one direction.
type area struct {
	msg []byte // valid where seq is ahead of the receiver's
	seq uint64
}

const (
	wholeClient = iota
	wholeServer
)

// wholeConn is one end of a session.
type wholeConn struct {
	areas *areas
	me    int
	info  link.Info
	hello link.Packets // of the handshake; closed with the session

	// All below is guarded by areas.mu, but the bytes of the two buffers.
	got         uint64 // of the own area
	outstanding bool
	asked       uint64 // the id outstanding
	buf         []byte
	reserved    int // -1: nothing
	causes      [2]error
	waits       [2]wait
	recvErr     error // after which nothing is received
}

func (w *wholes) session(e *end, client bool, info link.Info) *wholeConn {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.areas[e.pipe]
	if a == nil {
		a = &areas{}
		w.areas[e.pipe] = a
	} else {
		delete(w.areas, e.pipe) // both ends have it
	}
	c := &wholeConn{areas: a, me: wholeServer, info: info, hello: e, reserved: -1}
	if client {
		c.me = wholeClient
	}
	for i := range c.waits {
		c.waits[i].init(&a.mu)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ends[c.me] = c
	return c
}

// end changes how a session stands and wakes everybody.
func (a *areas) end(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
	for _, c := range a.ends {
		if c != nil {
			c.waits[link.SideSend].wake()
			c.waits[link.SideRecv].wake()
		}
	}
}

// gone says why nothing more comes or goes, nil where it does.
func (c *wholeConn) gone() error {
	switch {
	case c.areas.closed[c.me]:
		return link.ErrClosed
	case c.areas.broken:
		return link.ErrReset
	case c.areas.closed[1-c.me]:
		return link.ErrPeerClosed
	}
	return nil
}

func (c *wholeConn) receives() wire.Kind {
	if c.me == wholeClient {
		return wire.KindResponse
	}
	return wire.KindRequest
}

// limits returns those of what this end sends.
func (c *wholeConn) limits() (what string, payload, items uint32) {
	l := c.info.Limits
	if c.me == wholeClient {
		return "request", l.RequestPayload, l.RequestItems
	}
	return "response", l.ResponsePayload, l.ResponseItems
}

func (c *wholeConn) Info() link.Info                       { return c.info }
func (c *wholeConn) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }

func (c *wholeConn) Reserve(n int) ([]byte, error) {
	c.areas.mu.Lock()
	defer c.areas.mu.Unlock()
	if c.areas.closed[c.me] {
		return nil, link.ErrClosed
	}
	what, payload, _ := c.limits()
	if n < 0 || n > int(payload) {
		return nil, &link.LimitError{What: what + " payload", Need: uint64(max(n, 0)), Agreed: uint64(payload)}
	}
	if wire.HeaderSize+n > cap(c.buf) {
		c.buf = append(make([]byte, 0, wire.HeaderSize+n), c.buf...)
	}
	c.buf = c.buf[:wire.HeaderSize+n]
	c.reserved = n
	return c.buf[wire.HeaderSize : wire.HeaderSize+n : wire.HeaderSize+n], nil
}

func (c *wholeConn) Cancel() {
	c.areas.mu.Lock()
	defer c.areas.mu.Unlock()
	c.reserved = -1
}

func (c *wholeConn) Commit(h wire.Header, n int, _ *link.Deadline) error {
	c.areas.mu.Lock()
	defer c.areas.mu.Unlock()
	reserved := c.reserved
	c.reserved = -1
	what, _, items := c.limits()
	switch err := c.gone(); {
	case err != nil:
		return err
	case n < 0 || n > reserved:
		return fmt.Errorf("%w: %d bytes committed of %d reserved", link.ErrMisuse, n, reserved)
	case h.Kind == c.receives() || h.Kind != wire.KindRequest && h.Kind != wire.KindResponse:
		return fmt.Errorf("%w: a %v sent", link.ErrMisuse, h.Kind)
	case h.Status == wire.StatusOK && h.ItemCount > items:
		return &link.LimitError{What: what + " items", Need: uint64(h.ItemCount), Agreed: uint64(items)}
	case h.IsBatch() && h.ItemCount == 0 && h.Status == wire.StatusOK:
		return fmt.Errorf("%w: a batch of no items", link.ErrMisuse)
	case c.waits[link.SideSend].takeInterrupt():
		return c.causes[link.SideSend]
	case c.me == wholeClient && c.outstanding:
		return fmt.Errorf("request %d is %w", c.asked, link.ErrInFlight)
	}
	c.outstanding, c.asked = c.me == wholeClient, h.MessageID
	h.PayloadLen = uint32(n)
	h.Put(c.buf)
	c.publish(c.buf[:wire.HeaderSize+n])
	return nil
}

// publish puts a message where the other end takes it from.
func (c *wholeConn) publish(msg []byte) {
	to := &c.areas.to[1-c.me]
	to.msg = append(to.msg[:0], msg...)
	to.seq++
	if other := c.areas.ends[1-c.me]; other != nil {
		other.waits[link.SideRecv].wake()
	}
}

// take waits for a message and appends it to b.
func (c *wholeConn) take(b []byte, d *link.Deadline) ([]byte, error) {
	w := &c.waits[link.SideRecv]
	own := &c.areas.to[c.me]
	for {
		gone := c.gone()
		switch {
		case gone == link.ErrClosed:
			return b, gone
		case w.takeInterrupt():
			return b, c.causes[link.SideRecv]
		case own.seq != c.got:
			c.got = own.seq
			return append(b, own.msg...), nil
		case gone != nil:
			return b, gone
		}
		if !w.wait(d) {
			return b, link.ErrTimeout
		}
	}
}

func (c *wholeConn) Recv(m *link.Message, d *link.Deadline) error {
	c.areas.mu.Lock()
	defer c.areas.mu.Unlock()
	m.Release()
	if c.areas.closed[c.me] {
		return link.ErrClosed
	}
	if c.recvErr != nil {
		return c.recvErr
	}
	b, err := c.take(m.Buffer(), d)
	if errors.Is(err, link.ErrPeerClosed) || errors.Is(err, link.ErrReset) {
		c.recvErr = err
	}
	if err != nil {
		return err
	}
	h, err := link.Check(b, c.receives(), c.info.Limits)
	if err == nil && c.me == wholeClient && !(c.outstanding && c.asked == h.MessageID) {
		err = &link.ProtocolError{Header: h, Status: wire.StatusBadEnvelope, Err: errors.New("an answer that nobody has asked for")}
	}
	if err != nil {
		c.recvErr = err
		return err
	}
	c.outstanding = false
	m.Set(h, b)
	return nil
}

func (c *wholeConn) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (bool, error) {
	return link.InTurn(c, h, n, m, d, sent)
}

func (c *wholeConn) Drain(d *link.Deadline) error {
	c.areas.mu.Lock()
	defer c.areas.mu.Unlock()
	if c.areas.closed[c.me] {
		return link.ErrClosed
	}
	if c.recvErr == nil {
		c.recvErr = fmt.Errorf("%w: nothing is received after Drain", link.ErrMisuse)
	}
	for !d.Expired() {
		switch _, err := c.take(nil, d); {
		case err == nil:
		case errors.Is(err, link.ErrPeerClosed), errors.Is(err, link.ErrReset):
			return nil
		default:
			return err
		}
	}
	return link.ErrTimeout
}

func (c *wholeConn) Interrupt(side link.Side, cause error) {
	c.areas.mu.Lock()
	defer c.areas.mu.Unlock()
	c.causes[side] = cause
	c.waits[side].interrupt()
}

func (c *wholeConn) Close() error {
	c.areas.end(func() { c.areas.closed[c.me] = true })
	return c.hello.Close()
}

// rawWhole is an end with no checks on it.
type rawWhole struct {
	c         *wholeConn
	handshake Raw
}

func (r rawWhole) Send(msg []byte) error {
	r.c.areas.mu.Lock()
	defer r.c.areas.mu.Unlock()
	if err := r.c.gone(); err != nil {
		return err
	}
	r.c.publish(msg)
	return nil
}

func (r rawWhole) Recv() ([]byte, error) {
	r.c.areas.mu.Lock()
	defer r.c.areas.mu.Unlock()
	return r.c.take(nil, patience())
}

func (r rawWhole) Close() error {
	r.c.Close()
	return r.handshake.Close()
}

type wholeDialer struct {
	link.Dialer
	network *Network
	w       *wholes
}

func (d wholeDialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	c, err := d.Dialer.Dial(ctx, p.WithDefaults(wire.ProfileBaseline|wholeProfile, math.MaxUint16))
	if err != nil {
		return nil, err
	}
	return d.w.of(c, true)
}

type wholeListener struct {
	link.Listener
	w *wholes
}

func (l wholeListener) Accept(ctx context.Context) (link.Incoming, error) {
	in, err := l.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return wholeIncoming{in, l.w}, nil
}

type wholeIncoming struct {
	link.Incoming
	w *wholes
}

func (i wholeIncoming) Handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	c, err := i.Incoming.Handshake(ctx, s.WithDefaults(wire.ProfileBaseline|wholeProfile, math.MaxUint16))
	if err != nil {
		return nil, err
	}
	return i.w.of(c, false)
}

// of makes the session that was agreed on: one of packets stays what it is.
func (w *wholes) of(c link.Conn, client bool) (link.Conn, error) {
	info := c.Info()
	if info.Profile != wholeProfile {
		return c, nil
	}
	if client {
		info.Depth = 1
	}
	return w.session(c.(*Conn).end, client, info), nil
}
