package service

import (
	"context"
	"errors"
	"sync"
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

	word    atomic.Uint64 // its phase, and the turns that are not in n yet
	mu      sync.Mutex
	n       tally
	in, out int // payload of the request and of the answer of each of those turns; written by its goroutine alone

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
	next     error        // what came of the wait for the next request
	isOut    func() error // answered
	status   wire.Status  // of the answer under way,
	size     int          // its payload, bytes,
	start    int64        // and when its request came; 0: nobody wants to know
	returned bool         // the handler has
	exited   bool         // the handler has called runtime.Goexit
	why      error        // the session ends
}

// The phase of a session is idle, or made of these. Whoever makes an idle session leave closes it; a busy one
// notices by itself, when its answer is out.
//
// Above them the word counts turns, each a request and its answer that says OK. So a turn costs two atomic steps as
// long as requests are of one size and answers too; where a size changes, what was counted is settled first, under mu.
const (
	sessionBusy    uint64 = 1 << iota // a request is being answered
	sessionParting                    // a last word is being said to somebody who has not sent one
	sessionLeaving
	sessionTurn // one of the turns
)

// begin makes the session of a client that has shaken hands. Nil: the server has stopped meanwhile.
func (c *serverCore) begin(conn link.Conn) *serverSession {
	s := &serverSession{c: c, conn: conn, info: conn.Info(), since: time.Now(), answer: c.newAnswerer()}
	s.grow, s.growItem, s.isOut = s.reserve, s.reserveItem, s.answered
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
	s.next = s.conn.Recv(&s.msg, nil)
	for s.awake() && s.serve(s.msg.Header) {
	}
}

// awake makes an idle session busy, with the request that has come. It reports false when there is none, or the
// session has to leave.
func (s *serverSession) awake() bool {
	if s.next != nil {
		if s.word.Or(sessionParting)&sessionLeaving != 0 {
			s.why = ErrServerClosed
			return false
		}
		s.broken(s.next)
		return false
	}
	if n := len(s.msg.Payload); n != s.in {
		s.resize(n, s.out)
	}
	if s.word.Add(sessionBusy)&sessionLeaving != 0 {
		s.word.Add(^sessionBusy + 1) // it does not count
		s.why = ErrServerClosed
		return false
	}
	return true
}

// resize makes turns count with other sizes from now on.
func (s *serverSession) resize(in, out int) {
	s.mu.Lock()
	s.settle()
	s.in, s.out = in, out
	s.mu.Unlock()
}

// settle moves turns from the word to n. s.mu is held.
func (s *serverSession) settle() {
	turns := s.word.Load() / sessionTurn
	s.word.Add(-(turns * sessionTurn))
	s.n.turns(turns, s.in, s.out)
}

// tally returns what the session has counted, the request that is being answered included.
func (s *serverSession) tally() tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.n
	if n.latency != nil {
		h := *n.latency
		n.latency = &h
	}
	w := s.word.Load()
	n.turns(w/sessionTurn, s.in, s.out)
	if w&sessionBusy != 0 {
		n.received(s.in)
	}
	return n
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
	s.startTimeout()
	err := s.conn.Commit(refusal(h, status), 0, &s.deadline)
	if err != nil {
		return false
	}
	s.mu.Lock()
	s.n.sent(status, 0)
	s.mu.Unlock()
	return true
}

// refusal is the header of an answer that says no.
func refusal(h *wire.Header, status wire.Status) wire.Header {
	return wire.Header{
		Kind:      wire.KindResponse,
		Code:      h.Code,
		Status:    status,
		ItemCount: 1,
		MessageID: h.MessageID,
	}
}

// startTimeout bounds what is sent next.
func (s *serverSession) startTimeout() {
	s.deadline = 0
	if t := s.c.cfg.SendTimeout; t > 0 {
		s.deadline = link.Within(t)
	}
}

// turn sends what was reserved as an answer, and waits for the next request, both as one step: whoever answers has
// nothing else to do. The error is for an answer that did not go out; otherwise awake says what comes next.
func (s *serverSession) turn(h wire.Header, n int) error {
	s.startTimeout()
	s.status, s.size = h.Status, n
	out, err := s.conn.Exchange(h, n, &s.msg, &s.deadline, s.isOut)
	if !out {
		return err
	}
	s.next = err
	return nil
}

// answered is where an answer is out and the wait for the next request has not begun: a busy session becomes idle, and
// the time for sending is over. The error ends the exchange: the session has to leave.
func (s *serverSession) answered() error {
	s.deadline = 0
	if s.status != wire.StatusOK {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.n.received(s.in)
		s.n.sent(s.status, s.size)
		return leaves(s.word.Add(^sessionBusy + 1))
	}
	if s.start != 0 {
		s.mu.Lock()
		s.n.latency.note(link.Now() - s.start)
		s.mu.Unlock()
	}
	if s.size != s.out {
		s.resize(s.in, s.size)
	}
	return leaves(s.word.Add(sessionTurn - sessionBusy))
}

// leaves returns the error of a session that has to.
func leaves(word uint64) error {
	if word&sessionLeaving != 0 {
		return ErrServerClosed // and awake finds that out, too
	}
	return nil
}

// lingerTime is how long a session that ends with an answer waits for its client to take it and leave.
const lingerTime = 100 * time.Millisecond

// linger discards what the client still sends until it leaves, but not for long. A socket that is closed with
// bytes unread hands the peer a reset before the answer (spec 15-l).
func (s *serverSession) linger() {
	s.mu.Lock()
	was := s.word.And(^(sessionBusy | sessionParting))
	if was&sessionBusy != 0 {
		s.n.received(s.in)
	}
	s.mu.Unlock()
	if was&sessionLeaving != 0 {
		return
	}
	s.deadline = link.Within(lingerTime)
	_ = s.conn.Drain(&s.deadline) // however it ends, the session is closed next
}

// leave ends the session from outside: at once, or as soon as the request in progress is answered.
func (s *serverSession) leave(now bool) {
	busy := s.word.Or(sessionLeaving)&(sessionBusy|sessionParting) != 0
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
	n := s.tally()
	c.past.add(&n)
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
