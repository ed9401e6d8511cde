package service

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// serverSession is one client's session on the server. Its goroutine is the only one that receives and sends.
type serverSession struct {
	c      *serverCore
	conn   link.Conn
	info   link.Info
	since  time.Time
	ctx    context.Context // of handlers
	cancel context.CancelCauseFunc
	phase  atomic.Uint32
	n      tally

	// Of its goroutine alone.
	msg      link.Message
	answer   answerer
	batch    wire.BatchBuilder
	grow     codec.Grow // reserve
	growItem codec.Grow // reserveItem
	have     int        // bytes reserved
	tight    bool       // the limit refused the last growth
	last     int        // size of the last answer, bytes
	deadline link.Deadline
	returned bool  // the handler has
	exited   bool  // the handler has called runtime.Goexit
	why      error // the session ends
}

// The phase of a session is idle, or made of these. Whoever makes an idle session leave closes it; a busy one
// notices by itself.
const (
	sessionIdle    uint32 = 0
	sessionBusy    uint32 = 1 << 0 // a request is being answered
	sessionLeaving uint32 = 1 << 1
)

// begin makes the session of a client that has shaken hands. Nil: the server has stopped meanwhile.
func (c *serverCore) begin(conn link.Conn) *serverSession {
	s := &serverSession{c: c, conn: conn, info: conn.Info(), since: time.Now(), answer: c.newAnswerer()}
	s.grow, s.growItem = s.reserve, s.reserveItem
	s.n.init(c.cfg.MeasureLatency)
	c.mu.Lock()
	if c.phase != serverServing {
		c.mu.Unlock()
		conn.Close()
		return nil
	}
	s.ctx, s.cancel = context.WithCancelCause(context.WithValue(c.base, sessionKey{}, &s.info))
	c.sessions[s] = struct{}{}
	c.total++
	c.mu.Unlock()
	return s
}

// run serves the session to its end. A handler that calls runtime.Goexit leaves it through end.
func (s *serverSession) run() {
	defer s.end()
	s.emit(link.EventAccept, nil)
	for s.next() {
	}
}

// next receives one request and answers it. It reports whether the session goes on.
func (s *serverSession) next() bool {
	err := s.conn.Recv(&s.msg, nil)
	if !s.phase.CompareAndSwap(sessionIdle, sessionBusy) {
		s.why = ErrServerClosed
		return false
	}
	if err != nil {
		s.broken(err)
		return false
	}
	return s.serve(s.msg.Header) && s.rest()
}

// rest makes a busy session idle again. False: it has to leave.
func (s *serverSession) rest() bool {
	if s.phase.CompareAndSwap(sessionBusy, sessionIdle) {
		return true
	}
	if s.why == nil {
		s.why = ErrServerClosed
	}
	return false
}

// broken is how a session ends that cannot receive any more: with a last answer if the client is to blame and
// has asked for one.
func (s *serverSession) broken(err error) {
	s.why = err
	var bad *link.ProtocolError
	if !errors.As(err, &bad) {
		return
	}
	s.c.violations.Add(1)
	s.emit(link.EventViolation, err)
	if bad.Header.Kind == wire.KindRequest {
		s.fail(&bad.Header, bad.Status)
	}
}

// refuse answers a request with an error (spec 15-m). It reports whether the answer went out.
func (s *serverSession) refuse(h *wire.Header, status wire.Status) bool {
	s.conn.Cancel()
	if _, err := s.conn.Reserve(0); err != nil {
		return false
	}
	return s.commit(wire.Header{
		Kind:      wire.KindResponse,
		Code:      h.Code,
		Status:    status,
		ItemCount: 1,
		MessageID: h.MessageID,
	}, 0) == nil
}

// commit sends what was reserved.
func (s *serverSession) commit(h wire.Header, n int) error {
	s.deadline = 0
	if t := s.c.cfg.SendTimeout; t > 0 {
		s.deadline = link.Within(t)
	}
	err := s.conn.Commit(h, n, &s.deadline)
	if err == nil {
		s.n.sent(h.Status, n)
	}
	return err
}

// lingerTime is how long a session that ends with an answer waits for its client to take it and leave.
const lingerTime = 100 * time.Millisecond

// linger discards what the client still sends until it leaves, but not for long. A socket that is closed with
// bytes unread hands the peer a reset before the answer (spec 15-l).
func (s *serverSession) linger() {
	if !s.phase.CompareAndSwap(sessionBusy, sessionIdle) {
		return
	}
	s.deadline = link.Within(lingerTime)
	_ = s.conn.Drain(&s.deadline) // however it ends, the session is closed next
}

// leave ends the session from outside: at once, or as soon as the request in progress is answered.
func (s *serverSession) leave(now bool) {
	busy := s.phase.Or(sessionLeaving)&sessionBusy != 0
	if !busy {
		s.conn.Close()
	}
	if now {
		if busy { // the handler may be writing to what Close would free: its own goroutine closes
			s.conn.Interrupt(link.SideSend, ErrServerClosed)
		}
		s.cancel(ErrServerClosed)
	}
}

// end runs last on the session's goroutine, whatever has ended it.
func (s *serverSession) end() {
	if s.why == nil {
		s.why = errGoexit
	}
	if s.exited {
		s.fail(&s.msg.Header, wire.StatusInternalError)
	}
	s.conn.Close()
	s.msg.Release()
	s.cancel(s.why)
	s.c.ended(s)
	s.emit(link.EventEnd, s.why)
}

// ended takes a session off the list.
func (c *serverCore) ended(s *serverSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, s)
	c.past.add(&s.n)
}

type sessionKey struct{}

// SessionFrom returns what is known about the session in which a handler with this context runs: who the
// client is, and what was agreed. It reports false for any other context.
func SessionFrom(ctx context.Context) (link.Info, bool) {
	info, ok := ctx.Value(sessionKey{}).(*link.Info)
	if !ok {
		return link.Info{}, false
	}
	return *info, true
}
