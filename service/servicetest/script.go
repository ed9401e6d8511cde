package servicetest

import (
	"context"
	"errors"
	"sync"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Script says what goes wrong between clients and a server. The zero value is a transport on which nothing
// does. What it is told holds for what happens from then on. All methods are safe for concurrent use.
type Script struct {
	mu       sync.Mutex
	dials    []error       // of the next dials, nil: let it through
	refusals []wire.Status // of the next handshakes
	answers  int           // that each new session gives before it breaks, plus 1; 0: it does not
	garbage  int           // answers that are going to be nonsense
	held     chan struct{} // closed when answers are no longer held back; nil: they are not
	sessions map[*session]struct{}
}

// FailDials makes the next n dials fail with err before they reach the server; a nil err is link.ErrNotFound.
func (s *Script) FailDials(n int, err error) {
	if err == nil {
		err = link.ErrNotFound
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.dials = append(s.dials, err)
	}
}

// RefuseDials makes the server refuse the next n handshakes with a status.
func (s *Script) RefuseDials(n int, status wire.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.refusals = append(s.refusals, status)
	}
}

// BreakAfter makes each session that begins from now on break when it has given k answers and receives another
// request, which is never handled. A negative k ends that.
func (s *Script) BreakAfter(k int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = max(k, -1) + 1
}

// Break breaks all sessions.
func (s *Script) Break() {
	s.mu.Lock()
	var all []*session
	for c := range s.sessions {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.sever()
	}
}

// Garble makes the next n answers nonsense: one byte, which no method takes for an answer that needs more.
func (s *Script) Garble(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.garbage += n
}

// Hold holds back all answers until release is called. Requests are handled meanwhile. Holds do not add up:
// the first release lets the answers go.
func (s *Script) Hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(chan struct{})
	}
	held := s.held
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held == held {
			close(held)
			s.held = nil
		}
	}
}

// Sessions returns how many sessions there are.
func (s *Script) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// take removes the first element of one of the script's lists.
func take[T any](s *Script, list *[]T) (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(*list) == 0 {
		return v, false
	}
	v, *list = (*list)[0], (*list)[1:]
	return v, true
}

// Dialer returns d with the script's failures of dialing.
func (s *Script) Dialer(d link.Dialer) link.Dialer { return &dialer{d, s} }

type dialer struct {
	link.Dialer
	script *Script
}

// Dial implements link.Dialer.
func (d *dialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	if err, ok := take(d.script, &d.script.dials); ok {
		return nil, link.NewOpError("dial", d.Endpoint(), err)
	}
	return d.Dialer.Dial(ctx, p)
}

// Listener returns l with all that the script does to handshakes and sessions.
func (s *Script) Listener(l link.Listener) link.Listener { return &listener{l, s.handshake} }

func (s *Script) handshake(ctx context.Context, in link.Incoming, set link.Settings) (link.Conn, error) {
	if status, ok := take(s, &s.refusals); ok {
		if err := in.Refuse(ctx, status); err != nil {
			return nil, err
		}
		return nil, &link.RefusedError{Status: status, Err: errScripted}
	}
	c, err := in.Handshake(ctx, set)
	if err != nil {
		return nil, err
	}
	return s.begin(c), nil
}

var errScripted = errors.New("as the script says")
