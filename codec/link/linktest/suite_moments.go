package linktest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// moment is where in a session a call waits.
type moment struct {
	limits limits
	side   link.Side // the half that waits
	size   int       // payload bytes of what the call sends
	inside bool      // a part of a message has come or gone
	ends   []string

	before func(t *testing.T, w *waiting) // the call is made; nil: nothing
	during func(t *testing.T, w *waiting) // the call was made, and its wait is not ended yet; nil: nothing
	// after checks that the session goes on once the wait has ended by a deadline or an interrupt. nil: it does not.
	after func(t *testing.T, w *waiting)
}

// waiting is a session under test.
type waiting struct {
	moment
	client   bool // that is the end under test
	exchange bool // the call is an Exchange, else a Commit or a Recv
	c        link.Conn
	r        Raw // the other end
	last     uint64
}

// head returns the header of the next message that the end under test sends.
func (w *waiting) head() wire.Header {
	w.last++
	if w.client {
		return request(w.last)
	}
	return response(request(w.last))
}

// incoming returns the header of a message that it may receive.
func (w *waiting) incoming() wire.Header {
	if w.client {
		return response(request(w.last))
	}
	return request(w.last)
}

// errorsOf lets the wait at a moment end in each way, of either side, by Commit or Recv and by Exchange.
func errorsOf(t *testing.T, h Harness, m moment) {
	for _, side := range []string{"client", "server"} {
		for _, by := range []string{"in turn", "exchange"} {
			for _, how := range m.ends {
				t.Run(fmt.Sprintf("%s/%s/%s", side, by, how), func(t *testing.T) {
					w := &waiting{moment: m, client: side == "client", exchange: by == "exchange"}
					w.r, w.c = h.raw(t, side, w.limits)
					if w.before != nil {
						w.before(t, w)
					}
					w.end(t, how)
				})
			}
		}
	}
}

// called is what came of a call.
type called struct {
	sent bool
	err  error
}

// call makes the call whose wait is to end, beside the test.
func (w *waiting) call(t *testing.T, d *link.Deadline) <-chan called {
	var m link.Message
	var head wire.Header
	if w.exchange || w.side == link.SideSend {
		head = w.head()
	}
	result := going(t, func() (o called) {
		if !w.exchange && w.side == link.SideRecv {
			return called{true, w.c.Recv(&m, d)}
		}
		payload := random(w.size)
		if w.exchange {
			o.sent, o.err = ask(w.c, head, payload, &m, d)
		} else {
			o.err = send(w.c, head, payload, d)
			o.sent = o.err == nil
		}
		return o
	})
	t.Cleanup(func() { w.c.Close() }) // should the test give up
	return result
}

func (w *waiting) end(t *testing.T, how string) {
	t.Helper()
	if w.client && w.side == link.SideRecv && !w.exchange { // what is to be answered
		mustSend(t, w.c, w.head(), nil)
		w.take(t, 1)
	}
	d := patience()
	if how == byDeadline {
		*d = link.Within(20 * time.Millisecond)
	}
	result := w.call(t, d)
	if w.side == link.SideRecv && w.exchange {
		w.take(t, 1) // its half that sends
	}
	if w.during != nil {
		w.during(t, w)
	}
	switch how {
	case byCancel:
		w.c.Interrupt(w.side, context.Canceled)
	case byAbort:
		w.c.Interrupt(w.side, errAborted)
	case byClose:
		w.c.Close()
	case byPeer:
		w.r.Close()
	case byViolation:
		head := w.incoming()
		head.Kind = wire.KindControl
		w.give(t, message(head, nil))
	}
	o := Await(t, "the call", result)
	if o.sent != (w.side == link.SideRecv) {
		t.Errorf("the call that ended with %v says %v of whether it has sent", o.err, o.sent)
	}
	w.judge(t, how, o.err)
	if cut := w.side == link.SideSend && w.inside; errors.Is(o.err, link.ErrCut) != cut {
		t.Errorf("error %v matches %q: %v, want %v", o.err, link.ErrCut, !cut, cut)
	}
	if (how == byDeadline || how == byCancel || how == byAbort) && w.after != nil {
		w.after(t, w)
		return
	}
	// That half is over for good.
	if w.side == link.SideRecv {
		w.judge(t, how, w.c.Recv(new(link.Message), patience()))
	} else if w.inside {
		w.judge(t, how, send(w.c, w.head(), nil, patience()))
	}
}

// take receives n packets at the other end.
func (w *waiting) take(t *testing.T, n int) {
	t.Helper()
	for range n {
		if _, err := w.r.Recv(); err != nil {
			t.Fatal(err)
		}
	}
}

// give sends a packet from the other end.
func (w *waiting) give(t *testing.T, packet []byte) {
	t.Helper()
	if err := w.r.Send(packet); err != nil {
		t.Fatal(err)
	}
}

// judge checks that the error is the one that says how the wait ended, and no other.
func (w *waiting) judge(t *testing.T, how string, err error) {
	t.Helper()
	want := map[string]error{
		byDeadline: link.ErrTimeout, byCancel: context.Canceled, byAbort: errAborted, byClose: link.ErrClosed,
		byViolation: link.ErrProtocol, byPeer: link.ErrPeerClosed,
	}[how]
	switch {
	case how == byPeer && w.side == link.SideSend:
		wantGone(t, "the call", err)
		return
	case how == byPeer && w.inside:
		want = link.ErrReset
	}
	wantOnly(t, "the call", err, want)
}

var allEnds = []string{byDeadline, byCancel, byAbort, byClose, byPeer, byViolation}

// receiving: nothing has come.
func receiving() moment {
	return moment{
		side: link.SideRecv,
		ends: allEnds,
		after: func(t *testing.T, w *waiting) {
			w.give(t, message(w.incoming(), []byte{5}))
			wantMessage(t, w.c, []byte{5})
		},
	}
}

// receivingMore: the first packet of three has come.
func receivingMore() moment {
	const packet = 50
	payload := random(2*(packet-32) + 1)
	pieces := func(w *waiting) [][]byte { return cutUp(message(w.incoming(), payload), w.last, packet) }
	return moment{
		limits: limits{packet: packet},
		side:   link.SideRecv,
		inside: true,
		ends:   allEnds,
		during: func(t *testing.T, w *waiting) { w.give(t, pieces(w)[0]) },
		after: func(t *testing.T, w *waiting) {
			sent := feed(t, w.r, pieces(w)[1:])
			wantMessage(t, w.c, payload)
			if err := Await(t, "the packets to be sent", sent); err != nil {
				t.Error(err)
			}
		},
	}
}

// sending: the transport is full, so that the first packet has to wait.
func sending() moment {
	const largest = 60000
	filled := 0
	return moment{
		limits: limits{request: largest, response: largest, depth: askedFor},
		side:   link.SideSend,
		ends:   []string{byDeadline, byCancel, byAbort, byClose, byPeer},
		before: func(t *testing.T, w *waiting) {
			w.size = min(largest, int(w.c.Info().Limits.Packet)-32)
			for filled = 0; filled < askedFor; filled++ {
				if err := send(w.c, w.head(), random(w.size), soon()); err != nil {
					wantOnly(t, "send", err, link.ErrTimeout)
					return
				}
			}
			t.Skip("the transport takes it all without anybody reading")
		},
		after: func(t *testing.T, w *waiting) {
			w.take(t, filled)
			w.last-- // what was not sent is not in flight
			mustSend(t, w.c, w.head(), random(w.size))
			w.take(t, 1)
		},
	}
}

// sendingMore: a part of the message is out for certain, because the other end has it, and not all of it.
func sendingMore() moment {
	const size = 2 << 20
	return moment{
		limits: limits{request: size, response: size, packet: 1024},
		side:   link.SideSend,
		size:   size,
		inside: true,
		ends:   []string{byDeadline, byCancel, byAbort, byClose, byPeer},
		during: func(t *testing.T, w *waiting) { w.take(t, 1) },
	}
}

// brokenReceiving: either end dies while the other one waits for a message.
func brokenReceiving(t *testing.T, h Harness) {
	for _, by := range []string{"in turn", "exchange"} {
		for _, dies := range []string{"client", "server"} {
			t.Run(dies+"/"+by, func(t *testing.T) {
				p := h.open(t, limits{})
				w := &waiting{moment: moment{side: link.SideRecv}, client: dies == "server", exchange: by == "exchange", c: p.server}
				victim := p.client
				if w.client {
					w.c, victim = p.client, p.server
				}
				if w.exchange && !w.client { // what it is to answer
					mustSend(t, victim, request(1), nil)
					mustRecv(t, w.c)
				}
				result := w.call(t, patience())
				if w.exchange {
					mustRecv(t, victim)
				}
				h.kill(t, victim, w.c)
				o := Await(t, "the call", result)
				wantOnly(t, "the call", o.err, link.ErrReset)
				if !o.sent {
					t.Error("said not to be sent")
				}
			})
		}
	}
}

// brokenSending: the same while it waits for room. What it has sent, nobody has received.
func brokenSending(t *testing.T, h Harness) {
	for _, by := range []string{"in turn", "exchange"} {
		for _, dies := range []string{"client", "server"} {
			t.Run(dies+"/"+by, func(t *testing.T) {
				if h.Reset == nil {
					t.Skip("the harness breaks no connections")
				}
				m := sending()
				p := h.open(t, m.limits)
				w := &waiting{moment: m, client: dies == "server", exchange: by == "exchange", c: p.server}
				victim := p.client
				if w.client {
					w.c, victim = p.client, p.server
				}
				w.before(t, w)
				result := w.call(t, patience())
				h.Reset(victim)
				o := Await(t, "the call", result)
				wantOnly(t, "the call", o.err, link.ErrReset)
				if o.sent {
					t.Error("said to be sent")
				}
			})
		}
	}
}
