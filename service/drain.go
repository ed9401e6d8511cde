package service

import (
	"errors"
)

// A request and answers that nobody waits for can block each other: the provider cannot send an abandoned
// answer because we do not read, so it does not read, so we cannot send. While somebody sends, abandoned
// answers are due, and no caller reads, a goroutine does. It is the only one a client ever starts, and it ends
// with the send.

// ensureReader starts that goroutine if it is needed. s.mu is held.
func (s *session) ensureReader() {
	if s.sending == nil || s.abandoned == 0 || s.leader != nil || s.err != nil || s.someoneWaits() {
		return
	}
	s.leader = &s.drainer
	s.c.wg.Go(s.drain)
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
		if s.err != nil || s.sending == nil || s.abandoned == 0 || s.someoneWaits() {
			s.leader = nil
			s.passOn()
			s.ensureReader()
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}
