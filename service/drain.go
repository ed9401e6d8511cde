package service

import (
	"errors"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Answers that nobody waits for must be read all the same where somebody depends on it. Whoever sends does: the
// provider cannot send an abandoned answer because we do not read, so it does not read, so we cannot send. And so
// does who waits for a slot that such an answer would free. While no caller reads, a goroutine does. It is the
// only one a client ever starts, and it ends with the need.

// needsReader reports whether somebody depends on abandoned answers while no caller is there to read. s.mu is held.
func (s *session) needsReader() bool {
	return s.err == nil && s.abandoned > 0 && (s.sending != nil || s.queued > 0) && !s.someoneWaits()
}

// ensureReader starts that goroutine if it is needed. s.mu is held.
func (s *session) ensureReader() {
	if s.leader == nil && s.needsReader() {
		s.leader = &s.drainer
		s.c.wg.Go(s.drain)
	}
}

// dismissReader ends it if it is not needed any more. s.mu is held.
func (s *session) dismissReader() {
	if s.leader == &s.drainer && !s.needsReader() {
		s.conn.Interrupt(link.SideRecv, errWake)
	}
}

// someoneWaits reports whether a caller is there to read: it has been told to, or is about to look.
func (s *session) someoneWaits() bool {
	for _, x := range s.calls {
		if x.state == callWaiting {
			return true
		}
	}
	return false
}

func (s *session) drain() {
	for {
		err := s.conn.Recv(&s.rx, nil)
		s.mu.Lock()
		if err == nil {
			s.deliver()
		} else if !errors.Is(err, errWake) {
			s.leader = nil
			s.mu.Unlock()
			s.fail(err)
			return
		}
		if !s.needsReader() {
			s.leader = nil
			s.passOn()
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}
