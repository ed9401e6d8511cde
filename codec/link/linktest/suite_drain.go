package linktest

import (
	"bytes"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var drainTests = []subtest{
	{"UntilThePeerCloses", anywhere, drainUntilClosed},
	{"AfterAViolation", packets, drainAfterViolation},
	{"InsideAMessage", packets, drainInside},
	{"TimesOut", anywhere, drainTimeout},
	{"OfAPeerThatNeverStops", anywhere, drainEndless},
	{"Interrupted", anywhere, drainInterrupted},
	{"ClosedDuring", anywhere, drainClosed},
	{"OfWhatIsOver", anywhere, drainOver},
	{"SendingGoesOn", anywhere, drainSending},
}

// draining drains beside the test.
func draining(t *testing.T, c link.Conn, d *link.Deadline) <-chan error {
	drained := going(t, func() error { return c.Drain(d) })
	t.Cleanup(func() { c.Close() })
	return drained
}

// drainUntilClosed: far more than the transport holds is thrown away, be it messages or not.
func drainUntilClosed(t *testing.T, h Harness) {
	for _, side := range []string{"server", "client"} {
		t.Run(side, func(t *testing.T) {
			r, c := h.raw(t, side, limits{packet: 64})
			drained := draining(t, c, patience())
			for i := range 1000 {
				packet := message(request(uint64(i)), random(i%32))
				if i%3 == 1 {
					packet = random(i%64 + 1)
				}
				if err := r.Send(packet); err != nil {
					t.Fatalf("packet %d: %v", i, err)
				}
			}
			r.Close()
			if err := Await(t, "Drain", drained); err != nil {
				t.Errorf("drain: %v", err)
			}
			wantOnly(t, "receive", c.Recv(new(link.Message), patience()), link.ErrMisuse)
		})
	}
}

// drainAfterViolation: a client that is refused while it goes on sending can send it all, and then reads why.
func drainAfterViolation(t *testing.T, h Harness) {
	r, server := rawClient(t, h, limits{request: 1000, packet: 64})
	const size = 100_000 // far more than agreed
	msg := message(request(9), random(size))
	sent := feed(t, r, cutUp(msg, 9, 64))
	wantViolation(t, server, wire.StatusLimitExceeded, 9)
	answer := response(request(9))
	answer.Status = wire.StatusLimitExceeded
	mustSend(t, server, answer, nil)
	drained := draining(t, server, patience())
	if err := Await(t, "the packets to be sent", sent); err != nil {
		t.Errorf("the client could not send it all: %v", err)
	}
	want := message(answer, nil)
	if b, err := r.Recv(); err != nil || !bytes.Equal(b, want) {
		t.Errorf("the client received %x, %v; want %x", b, err, want)
	}
	r.Close()
	if err := Await(t, "Drain", drained); err != nil {
		t.Errorf("drain: %v", err)
	}
	wantViolation(t, server, wire.StatusLimitExceeded, 9) // the violation is not forgotten over it
}

func drainInside(t *testing.T, h Harness) {
	r, server := rawClient(t, h, limits{packet: 50})
	packets := cutUp(message(request(3), random(200)), 3, 50)
	if err := r.Send(packets[0]); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, "receive", server.Recv(new(link.Message), soon()), link.ErrTimeout)
	sent := feed(t, r, packets[1:3])
	drained := draining(t, server, patience())
	if err := Await(t, "the packets to be sent", sent); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := Await(t, "Drain", drained); err != nil {
		t.Errorf("drain: %v", err)
	}
}

func drainTimeout(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	past := link.At(time.Now().Add(-time.Hour))
	for _, c := range []link.Conn{p.client, p.server} {
		for _, d := range []*link.Deadline{soon(), &past, soon()} {
			wantOnly(t, "drain", c.Drain(d), link.ErrTimeout)
		}
		wantOnly(t, "receive", c.Recv(new(link.Message), patience()), link.ErrMisuse)
	}
	p.server.Close()
	if err := p.client.Drain(patience()); err != nil { // again, and to the end
		t.Errorf("drain: %v", err)
	}
}

// drainEndless: a deadline is a deadline, though there is always something to read.
func drainEndless(t *testing.T, h Harness) {
	r, server := rawClient(t, h, limits{})
	sent := going(t, func() error {
		for {
			if err := r.Send(message(request(1), nil)); err != nil {
				return err
			}
		}
	})
	wantOnly(t, "drain", server.Drain(soon()), link.ErrTimeout)
	server.Close()
	wantGone(t, "send", Await(t, "the sender to notice", sent))
}

func drainInterrupted(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for _, c := range []link.Conn{p.client, p.server} {
		for range 10 {
			drained := draining(t, c, patience())
			c.Interrupt(link.SideRecv, errCause)
			wantOnly(t, "drain", Await(t, "Drain", drained), errCause)
		}
	}
}

func drainClosed(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for _, c := range []link.Conn{p.client, p.server} {
		drained := draining(t, c, patience())
		c.Close()
		// The other end may have been closed before it.
		if err := Await(t, "Drain", drained); err != nil {
			wantOnly(t, "drain", err, link.ErrClosed)
		}
		wantOnly(t, "drain again", c.Drain(patience()), link.ErrClosed)
		wantOnly(t, "receive", c.Recv(new(link.Message), patience()), link.ErrClosed)
	}
}

// drainOver: where nothing can come any more, there is nothing to wait for.
func drainOver(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	p.client.Close()
	wantOnly(t, "receive", p.server.Recv(new(link.Message), patience()), link.ErrPeerClosed)
	if err := p.server.Drain(patience()); err != nil {
		t.Errorf("drain of a session that the peer has closed: %v", err)
	}
	wantOnly(t, "receive", p.server.Recv(new(link.Message), patience()), link.ErrPeerClosed)
	if h.Reset == nil {
		return
	}
	p = h.open(t, limits{})
	drained := draining(t, p.server, patience())
	h.kill(t, p.client, p.server)
	if err := Await(t, "Drain", drained); err != nil {
		t.Errorf("drain of a broken session: %v", err)
	}
}

// drainSending: the sending half is not concerned.
func drainSending(t *testing.T, h Harness) {
	n := uint64(h.Nature.depth(3))
	p := h.openDeep(t, int(n), limits{})
	for id := range n {
		mustSend(t, p.client, request(id), nil)
		mustRecv(t, p.server)
	}
	drained := draining(t, p.server, patience())
	for id := range n {
		mustSend(t, p.server, response(request(id)), []byte{byte(id)})
		wantMessage(t, p.client, []byte{byte(id)})
	}
	p.client.Close()
	if err := Await(t, "Drain", drained); err != nil {
		t.Errorf("drain: %v", err)
	}
}
