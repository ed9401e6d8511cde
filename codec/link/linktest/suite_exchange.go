package linktest

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var exchangeTests = []subtest{
	{"BothSides", anywhere, exchangeChain},
	{"NothingWasSent", anywhere, exchangeRefused},
	{"InFlight", anywhere, exchangeInFlight},
	{"OfWhatIsOver", anywhere, exchangeOver},
	{"SentAndTimedOut", anywhere, exchangeTimeout},
	{"SentAndInterrupted", anywhere, exchangeInterrupted},
	{"SentAndClosed", anywhere, exchangeClosed},
	{"InBetween", anywhere, exchangeInBetween},
	{"EndedInBetween", anywhere, exchangeEndedInBetween},
}

// ask is one Exchange of a payload.
func ask(c link.Conn, h wire.Header, payload []byte, m *link.Message, d *link.Deadline) (bool, error) {
	b, err := c.Reserve(len(payload))
	if err != nil {
		return false, err
	}
	copy(b, payload)
	return c.Exchange(h, len(payload), m, d, nil)
}

// askAnd is ask with something to do in between.
func askAnd(c link.Conn, h wire.Header, payload []byte, m *link.Message, d *link.Deadline, sent func() error) (bool, error) {
	b, err := c.Reserve(len(payload))
	if err != nil {
		return false, err
	}
	copy(b, payload)
	return c.Exchange(h, len(payload), m, d, sent)
}

// exchangeChain: a client asks with Exchange and a server answers with it, each answer the next question.
func exchangeChain(t *testing.T, h Harness) {
	const rounds = 200
	p := h.open(t, limits{})
	served := going(t, func() error {
		var m link.Message
		if err := p.server.Recv(&m, patience()); err != nil {
			return err
		}
		for range rounds - 1 {
			answer := []byte{m.Payload[0] + 1}
			if sent, err := ask(p.server, response(m.Header), answer, &m, patience()); err != nil || !sent {
				t.Errorf("the server's exchange: sent %v, %v", sent, err)
				return err
			}
		}
		return send(p.server, response(m.Header), []byte{m.Payload[0] + 1}, patience())
	})
	var m link.Message
	last := byte(0)
	for i := range rounds {
		sent, err := ask(p.client, request(uint64(i)), []byte{last}, &m, patience())
		if err != nil || !sent {
			t.Fatalf("round %d: sent %v, %v", i, sent, err)
		}
		if m.Header.MessageID != uint64(i) || len(m.Payload) != 1 || m.Payload[0] != last+1 {
			t.Fatalf("round %d: the answer is id %d, payload %x", i, m.Header.MessageID, m.Payload)
		}
		last = m.Payload[0]
	}
	if err := Await(t, "the server", served); err != nil {
		t.Error(err)
	}
}

// exchangeRefused: what Commit refuses, Exchange refuses: nothing is sent, nothing is waited for, and the session goes
// on. Of either side.
func exchangeRefused(t *testing.T, h Harness) {
	other := map[wire.Kind]wire.Kind{wire.KindRequest: wire.KindResponse, wire.KindResponse: wire.KindRequest}
	for _, c := range []struct {
		name     string
		reserved int // -1: nothing
		n        int
		change   func(h *wire.Header)
		want     error
	}{
		{"nothing reserved", -1, 0, nil, link.ErrMisuse},
		{"more than reserved", 10, 11, nil, link.ErrMisuse},
		{"less than nothing", 10, -1, nil, link.ErrMisuse},
		{"no kind", 0, 0, func(h *wire.Header) { h.Kind = 0 }, link.ErrMisuse},
		{"kind of the other side", 0, 0, func(h *wire.Header) { h.Kind = other[h.Kind] }, link.ErrMisuse},
		{"kind CONTROL", 0, 0, func(h *wire.Header) { h.Kind = wire.KindControl }, link.ErrMisuse},
		{"batch of nothing", 8, 8, func(h *wire.Header) { h.Flags, h.ItemCount = wire.FlagBatch, 0 }, link.ErrMisuse},
		{"too many items", 0, 0, func(h *wire.Header) { h.ItemCount = 5 }, link.ErrTooLarge},
	} {
		for _, side := range []string{"client", "server"} {
			t.Run(side+"/"+c.name, func(t *testing.T) {
				p := h.open(t, tight)
				end, head := p.client, request(1)
				if side == "server" {
					end, head = p.server, response(head)
				}
				if c.change != nil {
					c.change(&head)
				}
				if c.reserved >= 0 {
					reserve(t, end, c.reserved)
				}
				sent, err := end.Exchange(head, c.n, new(link.Message), patience(), nil)
				wantOnly(t, "exchange", err, c.want)
				if sent {
					t.Error("said to be sent")
				}
				p.works(t, 2)
			})
		}
	}
}

// exchangeInFlight: neither an id that is in flight nor a request too many is sent.
func exchangeInFlight(t *testing.T, h Harness) {
	p := h.open(t, limits{depth: 3})
	depth := uint64(p.client.Info().Depth)
	for id := range depth {
		mustSend(t, p.client, request(id), nil)
		mustRecv(t, p.server)
		for _, again := range []uint64{id, depth} {
			if again == depth && id+1 < depth {
				continue // there is room for it
			}
			sent, err := ask(p.client, request(again), nil, new(link.Message), patience())
			wantOnly(t, "exchange", err, link.ErrInFlight)
			if sent {
				t.Error("said to be sent")
			}
		}
	}
	for id := range depth {
		mustSend(t, p.server, response(request(id)), nil)
		mustRecv(t, p.client)
	}
	p.works(t, 0)
}

// exchangeOver: of a session that this side has closed, or on which the peer has violated the protocol.
func exchangeOver(t *testing.T, h Harness) {
	for _, side := range []string{"client", "server"} {
		r, c := h.raw(t, side, limits{})
		head := request(1)
		if side == "server" {
			head = response(head)
		}
		wrong := head
		wrong.Kind = wire.KindControl
		if err := r.Send(message(wrong, nil)); err != nil {
			t.Fatal(err)
		}
		sent, err := ask(c, head, []byte{1}, new(link.Message), patience())
		wantOnly(t, "exchange", err, link.ErrProtocol)
		if !sent {
			t.Errorf("%s: a violation of the peer keeps this side from sending", side)
		}
		if b, err := r.Recv(); err != nil || !bytes.Equal(b, message(head, []byte{1})) {
			t.Errorf("%s: the peer received %x, %v", side, b, err)
		}
		c.Close()
		sent, err = c.Exchange(head, 0, new(link.Message), patience(), nil)
		wantOnly(t, "exchange", err, link.ErrClosed)
		if sent {
			t.Error("said to be sent")
		}
	}
}

// exchangeTimeout: the request is out, so its answer can still be received.
func exchangeTimeout(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	var m link.Message
	sent, err := ask(p.client, request(1), []byte{7}, &m, soon())
	wantOnly(t, "exchange", err, link.ErrTimeout)
	if !sent {
		t.Error("said not to be sent")
	}
	wantMessage(t, p.server, []byte{7})
	mustSend(t, p.server, response(request(1)), []byte{8})
	wantMessage(t, p.client, []byte{8})
	p.works(t, 2)
}

// exchangeInterrupted: an interrupt of the receiving half meets an exchange that has sent.
func exchangeInterrupted(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for id := range uint64(20) {
		var m link.Message
		var sent bool
		done := going(t, func() (err error) {
			sent, err = ask(p.client, request(id), []byte{7}, &m, patience())
			return err
		})
		wantMessage(t, p.server, []byte{7})
		p.client.Interrupt(link.SideRecv, errCause)
		wantOnly(t, "exchange", Await(t, "Exchange", done), errCause)
		if !sent {
			t.Error("said not to be sent")
		}
		mustSend(t, p.server, response(request(id)), []byte{8})
		wantMessage(t, p.client, []byte{8})
	}
	p.works(t, 100)
}

// exchangeClosed: the peer takes the request and leaves.
func exchangeClosed(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	var m link.Message
	var sent bool
	done := going(t, func() (err error) {
		sent, err = ask(p.client, request(1), []byte{7}, &m, patience())
		return err
	})
	wantMessage(t, p.server, []byte{7})
	p.server.Close()
	wantOnly(t, "exchange", Await(t, "Exchange", done), link.ErrPeerClosed)
	if !sent {
		t.Error("said not to be sent")
	}
}

// exchangeInBetween: what is done between the two steps finds the message out, once for each that went out, and its
// word on the deadline counts for the wait.
func exchangeInBetween(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	calls := 0
	var m link.Message
	sent, err := askAnd(p.client, response(request(1)), nil, &m, patience(), func() error { calls++; return nil })
	wantOnly(t, "exchange", err, link.ErrMisuse)
	if sent || calls != 0 {
		t.Errorf("what was refused is said to be sent: %v, %d times", sent, calls)
	}
	d := patience()
	sent, err = askAnd(p.client, request(2), []byte{7}, &m, d, func() error {
		calls++
		wantMessage(t, p.server, []byte{7}) // nobody waits for an answer yet, but it is there
		*d = *soon()
		return nil
	})
	wantOnly(t, "exchange", err, link.ErrTimeout)
	if !sent || calls != 1 {
		t.Errorf("sent %v, %d times", sent, calls)
	}
	mustSend(t, p.server, response(request(2)), []byte{8})
	wantMessage(t, p.client, []byte{8})

	// The server's way: a deadline for the answer, none for the next request.
	mustSend(t, p.client, request(3), []byte{1})
	wantMessage(t, p.server, []byte{1})
	d = patience()
	out := make(chan struct{})
	served := going(t, func() error {
		sent, err := askAnd(p.server, response(request(3)), []byte{2}, &m, d, func() error {
			*d = 0
			close(out)
			return nil
		})
		if err == nil && (!sent || len(m.Payload) != 1 || m.Payload[0] != 3) {
			t.Errorf("the server's exchange: sent %v, then %x", sent, m.Payload)
		}
		return err
	})
	Await(t, "the answer to be out", out)
	wantMessage(t, p.client, []byte{2})
	mustSend(t, p.client, request(4), []byte{3})
	if err := Await(t, "the server", served); err != nil {
		t.Error(err)
	}
}

// exchangeEndedInBetween: the message is out, nothing is waited for, and the session goes on.
func exchangeEndedInBetween(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	var m link.Message
	sent, err := askAnd(p.client, request(1), []byte{7}, &m, patience(), func() error { return errCause })
	if err != errCause || !sent {
		t.Errorf("sent %v, %v; want what was said in between", sent, err)
	}
	wantMessage(t, p.server, []byte{7})
	mustSend(t, p.server, response(request(1)), []byte{8})
	wantMessage(t, p.client, []byte{8})
	p.works(t, 2)
}
