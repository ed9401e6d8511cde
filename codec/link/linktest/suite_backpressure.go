package linktest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

var backpressureTests = []subtest{
	{"CommitTimesOut", deep, commitTimeout},
	{"CommitInterrupted", deep, commitInterrupted},
	{"CutByTimeout", packets, func(t *testing.T, h Harness) { cut(t, h, link.ErrTimeout) }},
	{"CutByInterrupt", packets, func(t *testing.T, h Harness) { cut(t, h, errCause) }},
	{"CutByClose", packets, func(t *testing.T, h Harness) { cut(t, h, link.ErrClosed) }},
	{"CommitWaitsForThePeer", deep, commitWaits},
}

// asked is a session on which the server owes many answers that fill one packet each: more, one hopes, than the
// transport holds.
type asked struct {
	pair
	next   uint64
	answer []byte
}

const askedFor = 64

func (h Harness) ask(t *testing.T) *asked {
	t.Helper()
	const largest = 60000
	p := h.openDeep(t, askedFor, limits{response: largest})
	for id := range uint64(askedFor) {
		mustSend(t, p.client, request(id), nil)
		mustRecv(t, p.server)
	}
	return &asked{pair: p, answer: random(min(largest, int(p.client.Info().Limits.Packet)-32))}
}

// fill answers until the transport takes no more and returns how that showed.
func (a *asked) fill(t *testing.T, d func() *link.Deadline) error {
	for ; a.next < askedFor; a.next++ {
		if err := send(a.server, response(request(a.next)), a.answer, d()); err != nil {
			return err
		}
	}
	return nil
}

// drain checks that nothing was lost: the client gets each answer that was sent, the server can send the rest,
// and then the session does as before.
func (a *asked) drain(t *testing.T) {
	t.Helper()
	for id := range uint64(askedFor) {
		if id == a.next {
			mustSend(t, a.server, response(request(id)), a.answer)
			a.next++
		}
		m := mustRecv(t, a.client)
		if m.Header.MessageID != id || !bytes.Equal(m.Payload, a.answer) {
			t.Fatalf("received %d bytes for id %d, want %d for %d", len(m.Payload), m.Header.MessageID, len(a.answer), id)
		}
	}
	a.works(t, askedFor)
}

func commitTimeout(t *testing.T, h Harness) {
	a := h.ask(t)
	err := a.fill(t, soon)
	if err == nil {
		t.Skip("the transport takes it all without anybody reading")
	}
	wantOnly(t, "send", err, link.ErrTimeout)
	if errors.Is(err, link.ErrCut) {
		t.Fatalf("a message of one packet cannot be cut: %v", err)
	}
	wantOnly(t, "send again", a.fill(t, soon), link.ErrTimeout)
	a.drain(t)
}

func commitInterrupted(t *testing.T, h Harness) {
	a := h.ask(t)
	filled := going(t, func() error { return a.fill(t, patience) })
	a.server.Interrupt(link.SideSend, errCause)
	err := Await(t, "Commit", filled)
	if err == nil {
		t.Skip("the transport takes it all without anybody reading")
	}
	wantOnly(t, "send", err, errCause)
	a.drain(t)
}

// cut ends a Commit when a part of the message is out for certain, because the peer has read a packet of it,
// and not all of it, because the peer reads no other.
func cut(t *testing.T, h Harness, how error) {
	const size = 8 << 20
	r, server := rawClient(t, h, limits{response: size, packet: 1024})
	sent := going(t, func() error {
		d := patience()
		if how == link.ErrTimeout {
			*d = link.Within(50 * time.Millisecond)
		}
		return send(server, response(request(1)), random(size), d)
	})
	t.Cleanup(func() { server.Close() })
	if _, err := r.Recv(); err != nil {
		t.Fatal(err)
	}
	switch how {
	case errCause:
		server.Interrupt(link.SideSend, errCause)
	case link.ErrClosed:
		server.Close()
	}
	err := Await(t, "Commit", sent)
	wantOnly(t, "send", err, how)
	if !errors.Is(err, link.ErrCut) {
		t.Errorf("send: error %v, want one that is %q too", err, link.ErrCut)
	}
	_, err = server.Reserve(1)
	wantOnly(t, "reserve after the cut", err, how)
	wantOnly(t, "commit after the cut", server.Commit(response(request(1)), 0, nil), how)
	for err = nil; err == nil; { // what was sent arrives, nothing follows it
		server.Close()
		_, err = r.Recv()
	}
	wantGone(t, "the peer", err)
}

// commitWaits: a Commit that has to wait for room goes on when there is some.
func commitWaits(t *testing.T, h Harness) {
	a := h.ask(t)
	filled := going(t, func() error { return a.fill(t, patience) })
	for id := range uint64(askedFor) {
		if m := mustRecv(t, a.client); m.Header.MessageID != id || !bytes.Equal(m.Payload, a.answer) {
			t.Fatalf("received %d bytes for id %d, want %d for %d", len(m.Payload), m.Header.MessageID, len(a.answer), id)
		}
	}
	if err := Await(t, "Commit", filled); err != nil {
		t.Fatal(err)
	}
	a.works(t, askedFor)
}
