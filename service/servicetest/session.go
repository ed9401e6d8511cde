package servicetest

import (
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// session is the server's end of a session, as the script lets it be.
type session struct {
	link.Conn
	script *Script
	gone   chan struct{} // closed when it is closed
	once   sync.Once

	left int    // answers before it breaks, plus 1; 0: it does not break. Of the receiving half
	buf  []byte // that was reserved last. Of the sending half

	mu    sync.Mutex
	woken chan error // takes an interrupt while an answer is held back; nil: none is
}

// begin makes a session of a Conn.
func (s *Script) begin(c link.Conn) link.Conn {
	n := &session{Conn: c, script: s, gone: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	n.left = s.answers
	if s.sessions == nil {
		s.sessions = make(map[*session]struct{})
	}
	s.sessions[n] = struct{}{}
	return n
}

// Recv implements link.Conn.
func (c *session) Recv(m *link.Message, d *link.Deadline) error {
	if err := c.Conn.Recv(m, d); err != nil {
		return err
	}
	switch c.left {
	case 0:
		return nil
	case 1:
		c.sever()
		m.Release()
		return link.NewOpError("receive", c.Info().Endpoint, link.ErrReset)
	}
	c.left--
	return nil
}

// sever breaks the connection, with a reset where the transport can do that.
func (c *session) sever() {
	if r, ok := c.Conn.(interface{ Reset() }); ok {
		r.Reset()
		return
	}
	c.Conn.Close()
}

// Reserve implements link.Conn.
func (c *session) Reserve(n int) ([]byte, error) {
	b, err := c.Conn.Reserve(n)
	if err == nil {
		c.buf = b
	}
	return b, err
}

// Commit implements link.Conn.
func (c *session) Commit(h wire.Header, n int, d *link.Deadline) error {
	if err := c.wait(d); err != nil {
		c.Conn.Cancel()
		return link.NewOpError("send", c.Info().Endpoint, err)
	}
	if n > 1 && c.script.garbled() {
		c.buf[0], n = 0xff, 1
	}
	return c.Conn.Commit(h, n, d)
}

// Exchange implements link.Conn.
func (c *session) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	return link.InTurn(c, h, n, m, d, sent)
}

func (s *Script) garbled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.garbage == 0 {
		return false
	}
	s.garbage--
	return true
}

// wait waits until answers are not held back.
func (c *session) wait(d *link.Deadline) error {
	c.script.mu.Lock()
	held := c.script.held
	c.script.mu.Unlock()
	if held == nil {
		return nil
	}
	woken := make(chan error, 1)
	c.wakeBy(woken)
	defer c.wakeBy(nil)
	var late <-chan time.Time
	if left, ok := d.Left(); ok {
		t := time.NewTimer(left)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-held:
		return nil
	case cause := <-woken:
		return cause
	case <-c.gone:
		return link.ErrClosed
	case <-late:
		return link.ErrTimeout
	}
}

func (c *session) wakeBy(woken chan error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.woken = woken
}

// Interrupt implements link.Conn.
func (c *session) Interrupt(side link.Side, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if side == link.SideSend && c.woken != nil {
		select {
		case c.woken <- cause:
		default:
		}
		return
	}
	c.Conn.Interrupt(side, cause)
}

// Close implements link.Conn.
func (c *session) Close() error {
	c.once.Do(func() {
		close(c.gone)
		c.script.mu.Lock()
		defer c.script.mu.Unlock()
		delete(c.script.sessions, c)
	})
	return c.Conn.Close()
}
