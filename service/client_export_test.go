package service

import "fmt"

// Debt says what a client that nobody calls any more has not given back: slots, the turn, leadership,
// registrations with contexts. Nil when all is well. Only answers that are still due may occupy slots.
func (c Control) Debt() error {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	if c.c.flight != nil {
		return fmt.Errorf("somebody is connecting")
	}
	for s := range c.c.sessions {
		if err := s.debt(); err != nil {
			return err
		}
	}
	if s := c.c.current.Load(); s != nil {
		return s.debt()
	}
	return nil
}

func (s *session) debt() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pinned := 0
	for i, x := range s.calls {
		if x.watch != nil {
			pinned++
		}
		if x.state != callIdle && x.state != callAbandoned {
			return fmt.Errorf("slot %d is in state %d", i, x.state)
		}
	}
	used := 0
	for _, w := range s.watches.kept {
		used += w.users
	}
	switch {
	case s.active != 0:
		return fmt.Errorf("%d active callers", s.active)
	case s.only != nil && s.word.Load()&onlyHeld != 0:
		return fmt.Errorf("the only slot is in somebody's hands")
	case s.only != nil && s.err == nil && s.word.Load()&onlyBarred != 0:
		return fmt.Errorf("the only slot is barred")
	case s.only == nil && len(s.idle)+s.abandoned != len(s.calls):
		return fmt.Errorf("%d slots are free and %d abandoned of %d", len(s.idle), s.abandoned, len(s.calls))
	case s.queued != 0 || len(s.free) != 0 || s.lined != 0:
		return fmt.Errorf("%d wait for a slot, %d slots are on their way, %d wait for the turn", s.queued, len(s.free), s.lined)
	case s.leader != nil:
		return fmt.Errorf("somebody leads")
	case s.sending != nil || s.turnOf != nil || len(s.turn) != 0:
		return fmt.Errorf("somebody has the turn")
	case s.err == nil && used != pinned || s.err != nil && len(s.watches.kept) != 0:
		return fmt.Errorf("%d registrations, %d users", len(s.watches.kept), used)
	case s.retired != nil && s.err == nil:
		return fmt.Errorf("retired and not closed")
	}
	return nil
}

// Abandoned returns how many slots of the current session wait for an answer that nobody wants.
func (c Control) Abandoned() int {
	s := c.c.current.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.abandoned
}

// Sessions returns how many sessions live.
func (c Control) Sessions() int {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	return len(c.c.sessions)
}
