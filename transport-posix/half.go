package posix

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// half is what the two directions of a connection, and a listener, have in common: try, wait for the poller,
// try again, and the ways in which that ends. One call at a time; interrupt may come from anywhere.
//
// The poller's deadline is left as it is between calls. A wait that wants a later one, or none, takes the
// wake that comes too early, sees that it was early, and only then sets its own: with the same timeout on
// every call the poller is told about once in a timeout, not once in a call.
type half struct {
	io     func(func(fd uintptr) bool) error // of the descriptor: calls a function until it says true, waiting in between
	tell   func(time.Time) error             // tells the poller the deadline of this direction
	try    func(fd uintptr) bool             // one attempt, made once per half so that no call allocates; true: over, see err
	closed *atomic.Bool                      // the descriptor is being closed

	interrupted atomic.Bool // an interrupt has not found its call yet

	// Of the call under way.
	deadline *link.Deadline
	tried    bool
	err      error

	told link.Deadline // what the poller was told last, 0 none; an interrupt tells it something else behind this
}

// longAgo wakes whoever waits with a deadline of it.
var longAgo = time.Unix(1, 0)

// run makes attempts until one is over, and waits in between. Errors: that of the attempt, link.ErrTimeout,
// link.ErrInterrupted, link.ErrClosed.
func (h *half) run(d *link.Deadline) error {
	h.deadline, h.err = d, nil
	defer func() { h.deadline = nil }()
	for {
		h.tried = false
		err := h.io(h.try)
		switch {
		case err == nil:
			return h.err
		case h.closed.Load():
			return link.ErrClosed
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case h.interrupted.Swap(false):
			return link.ErrInterrupted
		case h.tried && d.Expired():
			return link.ErrTimeout
		}
		h.arm(0) // too early: an older deadline's wake, or an interrupt's that has found its call
	}
}

// park is what an attempt that found nothing to do returns: false, to wait, or true where that must not be.
func (h *half) park() (over bool) {
	if at := h.deadline.Start(); at != 0 && (h.told == 0 || at < h.told) {
		h.arm(at)
	}
	// The order matters: whoever interrupts sets the flag first and tells the poller then, so an interrupt
	// whose word to the poller was just overwritten is seen here.
	if h.interrupted.Swap(false) {
		h.err = link.ErrInterrupted
		return true
	}
	return false
}

func (h *half) arm(at link.Deadline) {
	h.told = at
	_ = h.tell(at.Time()) // fails when closed, and then the wait does too
}

// interrupt makes the call that waits, or else the next one, return link.ErrInterrupted.
func (h *half) interrupt() {
	h.interrupted.Store(true)
	_ = h.tell(longAgo)
}

// pending consumes an interrupt that came while no call was waiting.
func (h *half) pending() bool {
	return h.interrupted.Load() && h.interrupted.Swap(false)
}
