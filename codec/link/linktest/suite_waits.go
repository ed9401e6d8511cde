package linktest

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

var waitTests = []subtest{
	{"RecvTimesOut", anywhere, recvTimeout},
	{"RecvInterrupted", anywhere, recvInterrupted},
	{"InterruptBeforeTheCall", anywhere, interruptBefore},
	{"InterruptOfTheOtherSide", anywhere, interruptOther},
	{"LastInterruptCounts", anywhere, interruptTwice},
	{"Descriptors", anywhere, descriptorsWork},
	{"PartialMessageIsKept", packets, partialKept},
	{"DeadlineCoversAllPackets", packets, deadlineCovers},
}

// ends runs f for either end of a session that receives, with what makes the other end send one message.
func ends(t *testing.T, h Harness, f func(t *testing.T, c link.Conn, feed func(payload []byte))) {
	t.Run("server", func(t *testing.T) {
		p := h.open(t, limits{})
		id := uint64(0)
		f(t, p.server, func(payload []byte) {
			id++
			mustSend(t, p.client, request(id), payload)
		})
	})
	t.Run("client", func(t *testing.T) {
		p := h.open(t, limits{})
		id := uint64(0)
		f(t, p.client, func(payload []byte) {
			id++
			mustSend(t, p.client, request(id), nil)
			mustSend(t, p.server, response(mustRecv(t, p.server).Header), payload)
		})
	})
}

// wantMessage receives one message and looks at its payload.
func wantMessage(t testing.TB, c link.Conn, want []byte) {
	t.Helper()
	if got := mustRecv(t, c).Payload; !bytes.Equal(got, want) {
		t.Fatalf("received %x, want %x", got, want)
	}
}

func recvTimeout(t *testing.T, h Harness) {
	ends(t, h, func(t *testing.T, c link.Conn, feed func([]byte)) {
		past := link.At(time.Now().Add(-time.Hour))
		none := link.Within(0)
		negative := link.Within(-time.Hour)
		for _, d := range []*link.Deadline{soon(), soon(), &past, &none, &negative} {
			wantOnly(t, "receive", c.Recv(new(link.Message), d), link.ErrTimeout)
			if at := *d; at <= 0 || d.Start() != at {
				t.Errorf("the wait left the budget %d: it was not started", at)
			}
		}
		feed([]byte{1})
		wantMessage(t, c, []byte{1})
	})
}

// recvInterrupted interrupts a call that may be parked or yet to come; either way it must return the cause.
func recvInterrupted(t *testing.T, h Harness) {
	ends(t, h, func(t *testing.T, c link.Conn, feed func([]byte)) {
		for range 20 {
			received := going(t, func() error { return c.Recv(new(link.Message), patience()) })
			c.Interrupt(link.SideRecv, errCause)
			wantOnly(t, "receive", Await(t, "Recv", received), errCause)
		}
		feed([]byte{1})
		wantMessage(t, c, []byte{1})
	})
}

func interruptBefore(t *testing.T, h Harness) {
	ends(t, h, func(t *testing.T, c link.Conn, feed func([]byte)) {
		c.Interrupt(link.SideRecv, errCause)
		feed([]byte{1})
		wantOnly(t, "receive", c.Recv(new(link.Message), patience()), errCause)
		wantMessage(t, c, []byte{1})
	})
}

// interruptOther: an interrupt of the sending side passes the receiving side by, and the other way round.
func interruptOther(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	p.client.Interrupt(link.SideRecv, errCause)
	mustSend(t, p.client, request(1), []byte{1})
	p.server.Interrupt(link.SideSend, errCause)
	wantMessage(t, p.server, []byte{1})
	wantOnly(t, "send", send(p.server, response(request(1)), nil, patience()), errCause)
	wantOnly(t, "receive", p.client.Recv(new(link.Message), patience()), errCause)
	mustSend(t, p.server, response(request(1)), []byte{2})
	wantMessage(t, p.client, []byte{2})
	p.works(t, 2)
}

func interruptTwice(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	p.server.Interrupt(link.SideRecv, link.ErrMisuse)
	p.server.Interrupt(link.SideRecv, errCause)
	wantOnly(t, "receive", p.server.Recv(new(link.Message), patience()), errCause)
	p.works(t, 1)
}

// descriptorsWork: whoever waits in a loop of his own gets at the descriptor, or is told that there is none.
func descriptorsWork(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for name, get := range map[string]func() (syscall.RawConn, error){
		"client": p.client.SyscallConn, "server": p.server.SyscallConn, "listener": p.listener.SyscallConn,
	} {
		raw, err := get()
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := false
		if err := raw.Control(func(uintptr) { seen = true }); err != nil || !seen {
			t.Errorf("%s: the descriptor was not to be had: %v", name, err)
		}
	}
	p.works(t, 1)
}

// partialKept lets the wait for each packet of a message end in one way or another before the packet comes.
func partialKept(t *testing.T, h Harness) {
	r, server := rawClient(t, h, limits{packet: 50})
	want := random(200)
	for i, packet := range cutUp(message(request(3), want), 3, 50) {
		wantOnly(t, "receive", server.Recv(new(link.Message), soon()), link.ErrTimeout)
		if i%2 == 0 {
			server.Interrupt(link.SideRecv, errCause)
			wantOnly(t, "receive", server.Recv(new(link.Message), patience()), errCause)
		}
		if err := r.Send(packet); err != nil {
			t.Fatal(err)
		}
	}
	wantMessage(t, server, want)
}

// deadlineCovers: one deadline is for the whole message, not for each of its packets.
func deadlineCovers(t *testing.T, h Harness) {
	r, server := rawClient(t, h, limits{packet: 50})
	packets := cutUp(message(request(3), random(100)), 3, 50)
	d := link.Within(2 * time.Millisecond)
	wantOnly(t, "receive", server.Recv(new(link.Message), &d), link.ErrTimeout)
	at := d
	if err := r.Send(packets[0]); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, "receive", server.Recv(new(link.Message), &d), link.ErrTimeout)
	if d != at {
		t.Errorf("the deadline moved from %d to %d", at, d)
	}
}
