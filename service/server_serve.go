package service

import (
	"context"
	"errors"
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// answerer is where the types are: it turns one request into one answer. Each session has its own.
type answerer interface {
	// answer builds the answer to req in dst, which grow enlarges, and returns its size. In case of an error,
	// at says whose it is.
	answer(ctx context.Context, req, dst []byte, grow codec.Grow) (n int, at step, err error)
}

// step is a part of answering a request.
type step uint8

const (
	stepDecode step = iota
	stepBuild
	stepHandle
)

type responding[ReqView, B any, R Responder[ReqView, B]] struct {
	responder R
	handle    Handler[ReqView, B]
	out       B
}

func (r *responding[ReqView, B, R]) answer(ctx context.Context, req, dst []byte, grow codec.Grow) (n int, at step, err error) {
	view, err := r.responder.DecodeRequest(req)
	if err != nil {
		return 0, stepDecode, err
	}
	if err := r.responder.Begin(&r.out, view, dst, grow); err != nil {
		return 0, stepBuild, err
	}
	if err := r.handle(ctx, view, &r.out); err != nil {
		return 0, stepHandle, err
	}
	n, err = r.responder.Finish(&r.out)
	return n, stepBuild, err
}

// leastAnswer is what a session reserves for an answer at first, in bytes: enough for methods of fixed size.
const leastAnswer = 64

// serve answers the request in s.msg, whose header is h, and waits for the next one. It reports whether the session
// may go on.
func (s *serverSession) serve(h wire.Header) bool {
	s.start = 0
	if s.n.latency != nil {
		s.start = link.Now()
	}
	switch {
	case h.Code != s.c.code:
		return s.say(&h, wire.StatusUnsupported)
	case h.IsBatch() && !s.c.batchable:
		return s.violated(&h, errNoBatch)
	}
	n, at, err := s.guarded(&h)
	if err != nil {
		return s.failed(&h, at, err)
	}
	s.last = n
	ok := wire.Header{
		Kind:      wire.KindResponse,
		Flags:     h.Flags & wire.FlagBatch,
		Code:      h.Code,
		ItemCount: 1,
		MessageID: h.MessageID,
	}
	if h.IsBatch() {
		ok.ItemCount = h.ItemCount
	}
	if err := s.turn(ok, n); err != nil {
		if errors.Is(err, link.ErrMisuse) || errors.Is(err, link.ErrTooLarge) {
			return s.failed(&h, stepBuild, err)
		}
		s.why = err
		return false
	}
	return true
}

var errNoBatch = errors.New("this method has no batches")

// guarded answers one request, or all of a batch. A panic becomes an error; runtime.Goexit passes through.
func (s *serverSession) guarded(h *wire.Header) (n int, at step, err error) {
	s.returned, s.tight = false, false
	defer s.caught(&at, &err)
	if h.IsBatch() {
		n, at, err = s.answerBatch()
	} else {
		n, at, err = s.answerOne()
	}
	s.returned = true
	return n, at, err
}

// caught is deferred.
func (s *serverSession) caught(at *step, err *error) {
	if s.returned {
		return
	}
	*at = stepHandle
	if v := recover(); v != nil {
		*err = s.panicked(v)
		return
	}
	s.exited = true
	*err = s.panicked(errGoexit) // nothing returns after this; end goes on
}

func (s *serverSession) answerOne() (n int, at step, err error) {
	dst, err := s.room(max(s.last, leastAnswer))
	if err != nil {
		return 0, stepBuild, err
	}
	return s.answer.answer(s.ctx, s.msg.Payload, dst, s.grow)
}

// room reserves n bytes for a new answer, or what the limit allows.
func (s *serverSession) room(n int) ([]byte, error) {
	return s.reserve(min(n, s.responseLimit()))
}

// responseLimit is what the client has agreed to, as far as an int can say.
func (s *serverSession) responseLimit() int {
	return int(min(uint64(s.info.Limits.ResponsePayload), math.MaxInt))
}

// reserve is the codec.Grow of builders.
func (s *serverSession) reserve(n int) ([]byte, error) {
	b, err := s.conn.Reserve(n)
	if err != nil {
		s.tight = errors.Is(err, link.ErrTooLarge)
		return nil, err
	}
	s.tight, s.have = false, len(b)
	return b, nil
}

// failed ends the session over a request that could not be answered.
func (s *serverSession) failed(h *wire.Header, at step, err error) bool {
	doesNotFit := errors.Is(err, codec.ErrOverflow) || errors.Is(err, link.ErrTooLarge)
	switch {
	case at == stepDecode:
		return s.violated(h, err)
	case doesNotFit && (at == stepBuild || s.tight):
		// A handler may pass on an error like this that came from elsewhere; only ours is worth a larger limit.
		s.c.ceiling.tooLow(s.info.Limits.ResponsePayload)
		s.why = err
		return s.fail(h, wire.StatusLimitExceeded)
	}
	s.why = err
	return s.fail(h, wire.StatusInternalError)
}

// violated ends the session over a request that is not what its method defines.
func (s *serverSession) violated(h *wire.Header, err error) bool {
	s.why = &link.ProtocolError{Header: *h, Status: wire.StatusBadEnvelope, Err: err}
	s.c.violations.Add(1)
	s.emit(link.EventViolation, s.why)
	return s.fail(h, wire.StatusBadEnvelope)
}

// fail answers with an error that ends the session.
func (s *serverSession) fail(h *wire.Header, status wire.Status) bool {
	if s.refuse(h, status) {
		s.linger()
	}
	return false
}

// say answers with an error that does not end the session, and waits for the next request.
func (s *serverSession) say(h *wire.Header, status wire.Status) bool {
	s.conn.Cancel()
	if _, err := s.conn.Reserve(0); err != nil || s.turn(refusal(h, status), 0) != nil {
		s.why = link.ErrReset
		return false
	}
	return true
}
