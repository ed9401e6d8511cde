package link

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/wire"
)

var _ Conn = (*Session)(nil)

// Session is the Conn of every transport made of packets.
type Session struct {
	packets  Packets
	info     Info
	client   bool
	inFlight *InFlight // client only
	closed   atomic.Bool
	causes   [2]atomic.Pointer[error] // of Interrupt, by Side

	send struct {
		sync.Mutex       // held during a call; Close waits for it
		err        error // after which nothing can be sent
		out        Outbox
		split      Splitter
	}
	recv struct {
		sync.Mutex
		err error
		re  Reassembler
	}
}

// NewClientSession joins a client's end of a pipe with what the handshake agreed on.
func NewClientSession(p Packets, info Info) *Session {
	s := newSession(p, info, wire.KindRequest, wire.KindResponse)
	s.client = true
	s.inFlight = NewInFlight(info.Depth)
	return s
}

// NewServerSession joins a server's end of a pipe with what the handshake agreed on.
func NewServerSession(p Packets, info Info) *Session {
	return newSession(p, info, wire.KindResponse, wire.KindRequest)
}

func newSession(p Packets, info Info, sends, receives wire.Kind) *Session {
	s := &Session{packets: p, info: info}
	s.send.out = NewOutbox(sends, info.Limits)
	s.recv.re = NewReassembler(receives, info.Limits)
	return s
}

// Info implements Conn.
func (s *Session) Info() Info { return s.info }

// SyscallConn implements Conn.
func (s *Session) SyscallConn() (syscall.RawConn, error) { return s.packets.SyscallConn() }

// Reserve implements Conn.
func (s *Session) Reserve(n int) ([]byte, error) {
	s.send.Lock()
	defer s.send.Unlock()
	if s.send.err != nil {
		return nil, s.send.err
	}
	return s.send.out.Reserve(n)
}

// Cancel implements Conn.
func (s *Session) Cancel() {
	s.send.Lock()
	defer s.send.Unlock()
	s.send.out.Cancel()
}

// Commit implements Conn.
func (s *Session) Commit(h wire.Header, n int, d *Deadline) error {
	s.send.Lock()
	defer s.send.Unlock()
	defer s.send.out.Sent()
	if s.send.err != nil {
		s.send.out.Cancel()
		return s.send.err
	}
	msg, err := s.send.out.Take(h, n)
	if err != nil {
		return s.refusal(err)
	}
	if s.client {
		if err := s.inFlight.Add(h.MessageID); err != nil {
			return s.opError("send", err)
		}
	}
	sent, err := s.write(msg, h.MessageID, d)
	if err == nil {
		return nil
	}
	return s.sendFailed(err, sent, h.MessageID)
}

// refusal is the error of a message that was not to be sent.
func (s *Session) refusal(err error) error {
	var limit *LimitError
	if errors.As(err, &limit) {
		return err
	}
	return s.opError("send", err)
}

// write sends the packets of one message and reports how many went out.
func (s *Session) write(msg []byte, id uint64, d *Deadline) (sent int, err error) {
	if uint64(len(msg)) <= uint64(s.info.Limits.Packet) {
		return 0, s.packets.WritePacket(msg, d)
	}
	s.send.split.Start(msg, id, s.info.Limits.Packet)
	for p := s.send.split.Next(); p != nil; p = s.send.split.Next() {
		if err := s.packets.WritePacket(p, d); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, nil
}

// sendFailed decides whether the session survives: it does when the wait ended before the first byte was out.
// Otherwise the id stays in flight: a server that refuses a request before it is whole answers it, and that
// answer can still be received.
func (s *Session) sendFailed(err error, sent int, id uint64) error {
	passing := errors.Is(err, ErrTimeout) || errors.Is(err, ErrInterrupted)
	err = s.opError("send", s.causeOf(SideSend, err))
	if passing && sent == 0 {
		if s.client {
			s.inFlight.Remove(id)
		}
		return err
	}
	if sent > 0 {
		err = fmt.Errorf("%w after %d packets: %w", ErrCut, sent, err)
	}
	s.send.err = err
	return err
}

// Recv implements Conn.
func (s *Session) Recv(m *Message, d *Deadline) error {
	s.recv.Lock()
	defer s.recv.Unlock()
	m.Release()
	if s.recv.err != nil {
		return s.recv.err
	}
	for {
		b, room := s.recv.re.Next()
		b, size, err := s.packets.ReadPacket(b, room, d)
		if err != nil {
			return s.recvFailed(err)
		}
		whole, err := s.recv.re.Take(b, size)
		if err != nil {
			return s.violated(err)
		}
		if whole {
			s.recv.re.Move(m)
			return s.answers(m)
		}
	}
}

var errNotAsked = errors.New("answer to a request that is not in flight")

// answers checks that a response belongs to a request of ours.
func (s *Session) answers(m *Message) error {
	if !s.client || s.inFlight.Remove(m.Header.MessageID) {
		return nil
	}
	h := m.Header
	m.Release()
	return s.violated(violation(h, wire.StatusBadEnvelope, errNotAsked))
}

func (s *Session) recvFailed(err error) error {
	passing := errors.Is(err, ErrTimeout) || errors.Is(err, ErrInterrupted)
	if errors.Is(err, ErrPeerClosed) && s.recv.re.Partial() {
		err = fmt.Errorf("%w in the middle of a message", ErrReset)
	}
	err = s.opError("receive", s.causeOf(SideRecv, err))
	if !passing {
		s.recv.err = err
	}
	return err
}

// Exchange implements Conn.
func (s *Session) Exchange(h wire.Header, n int, m *Message, d *Deadline, sent func() error) (went bool, err error) {
	return InTurn(s, h, n, m, d, sent)
}

var errDrained = fmt.Errorf("%w: nothing is received after Drain", ErrMisuse)

// Drain implements Conn.
func (s *Session) Drain(d *Deadline) error {
	s.recv.Lock()
	defer s.recv.Unlock()
	if s.recv.err == nil {
		s.recv.err = s.opError("receive", errDrained)
	}
	s.recv.re.buf = nil
	var scratch []byte // one byte, so that the transport sees no empty room
	for !d.Expired() {
		var err error
		scratch, _, err = s.packets.ReadPacket(scratch[:0], 1, d)
		switch {
		case err == nil:
		case errors.Is(err, ErrPeerClosed), errors.Is(err, ErrReset):
			return nil
		default:
			return s.opError("drain", s.causeOf(SideRecv, err))
		}
	}
	return s.opError("drain", s.causeOf(SideRecv, ErrTimeout))
}

// violated ends the receiving half for good. The sending half stays open for a last answer.
func (s *Session) violated(err error) error {
	s.recv.err = s.opError("receive", err)
	return s.recv.err
}

// Interrupt implements Conn.
func (s *Session) Interrupt(side Side, cause error) {
	s.causes[side].Store(&cause)
	s.packets.Interrupt(side)
}

// causeOf puts the cause of an Interrupt in the place of ErrInterrupted, and our own Close before all.
func (s *Session) causeOf(side Side, err error) error {
	if s.closed.Load() {
		return ErrClosed
	}
	if !errors.Is(err, ErrInterrupted) {
		return err
	}
	if c := s.causes[side].Load(); c != nil && *c != nil {
		return *c
	}
	return err
}

// Close implements Conn.
func (s *Session) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	err := s.packets.Close()
	closed := s.opError("use", ErrClosed)
	s.send.Lock()
	s.send.err = closed
	s.send.out.Free()
	s.send.Unlock()
	s.recv.Lock()
	s.recv.err, s.recv.re.buf = closed, nil
	s.recv.Unlock()
	return s.opError("close", err)
}

func (s *Session) opError(op string, err error) error { return NewOpError(op, s.info.Endpoint, err) }
