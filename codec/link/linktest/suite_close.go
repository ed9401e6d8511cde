package linktest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var closeTests = []subtest{
	{"Matrix", anywhere, closeMatrix},
	{"CommitLocal", deep, closeCommitLocal},
	{"CommitRemote", deep, closeCommitRemote},
	{"RemoteInsideAMessage", packets, closeInside},
	{"Twice", anywhere, closeTwice},
	{"FromEverywhere", anywhere, closeEverywhere},
	{"PayloadOutlivesTheSession", anywhere, payloadOutlives},
	{"InterruptAfterClose", anywhere, interruptAfterClose},
	{"ResetIsNotClose", resets, resetIsNotClose},
}

func closeCommitLocal(t *testing.T, h Harness) {
	a := h.ask(t)
	filled := going(t, func() error { return a.fill(t, patience) })
	a.server.Close()
	if err := Await(t, "Commit", filled); err != nil {
		wantOnly(t, "send", err, link.ErrClosed)
	}
}

func closeCommitRemote(t *testing.T, h Harness) {
	a := h.ask(t)
	filled := going(t, func() error { return a.fill(t, patience) })
	a.client.Close()
	if err := Await(t, "Commit", filled); err != nil {
		wantGone(t, "send", err)
	}
}

func closeInside(t *testing.T, h Harness) {
	r, server := rawClient(t, h, limits{packet: 50})
	if err := r.Send(cutUp(message(request(1), random(100)), 1, 50)[0]); err != nil {
		t.Fatal(err)
	}
	r.Close()
	wantOnly(t, "receive", server.Recv(new(link.Message), patience()), link.ErrReset)
}

func closeTwice(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for range 2 {
		for _, c := range []link.Conn{p.client, p.server} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// closeEverywhere closes both ends from several goroutines while both halves of both are in use.
func closeEverywhere(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	echo(t, p.server)
	received := going(t, func() error {
		for {
			if err := p.client.Recv(new(link.Message), patience()); err != nil {
				return err
			}
		}
	})
	sent := going(t, func() error {
		for id := uint64(0); ; id++ {
			if err := send(p.client, request(id), random(100), patience()); err != nil {
				return err
			}
		}
	})
	var closed []<-chan error
	for _, c := range []link.Conn{p.client, p.server, p.client, p.server} {
		closed = append(closed, going(t, c.Close))
	}
	for _, c := range closed {
		if err := Await(t, "Close", c); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	for what, c := range map[string]<-chan error{"Recv": received, "Commit": sent} {
		if err := Await(t, what, c); err == nil {
			t.Errorf("%s succeeded for ever", what)
		}
	}
}

// payloadOutlives: a Message belongs to whoever holds it, not to the session.
func payloadOutlives(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	want := random(1000)
	mustSend(t, p.client, request(1), want)
	m := mustRecv(t, p.server)
	p.server.Close()
	p.client.Close()
	if !bytes.Equal(m.Payload, want) {
		t.Error("the payload changed when the session was closed")
	}
	m.Release()
	m.Release()
	if m.Payload != nil {
		t.Error("the payload is still there after Release")
	}
}

func interruptAfterClose(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	p.client.Close()
	p.client.Interrupt(link.SideRecv, errCause)
	p.client.Interrupt(link.SideSend, errCause)
	wantOnly(t, "receive", p.client.Recv(new(link.Message), patience()), link.ErrClosed)
	wantOnly(t, "commit", p.client.Commit(request(1), 0, patience()), link.ErrClosed)
	if got := p.client.Info().Limits; got != p.server.Info().Limits {
		t.Errorf("Info changed when the session was closed: %+v", got)
	}
}

// resetIsNotClose breaks the connection at either end, and looks at the other one.
func resetIsNotClose(t *testing.T, h Harness) {
	for _, dies := range []string{"client", "server"} {
		t.Run(dies, func(t *testing.T) {
			p := h.open(t, limits{})
			victim, other := p.client, p.server
			if dies == "server" {
				victim, other = p.server, p.client
			}
			received := going(t, func() error { return other.Recv(new(link.Message), patience()) })
			h.kill(t, victim, other)
			wantOnly(t, "receive", Await(t, "Recv", received), link.ErrReset)
			wantOnly(t, "receive again", other.Recv(new(link.Message), patience()), link.ErrReset)
			if dies == "client" || h.Nature.Depth != 1 { // else the request that is lost is outstanding
				wantOnly(t, "send", send(other, toOther(other, p, 2), nil, patience()), link.ErrReset)
			}
		})
	}
}

// kill lets the process of one end of a session die, as far as the other end can see; it skips the test where the
// harness does not break connections. One request may be outstanding.
func (h Harness) kill(t *testing.T, victim, other link.Conn) {
	t.Helper()
	if h.Reset == nil {
		t.Skip("the harness breaks no connections")
	}
	head := request(1 << 40)
	err := send(other, head, nil, patience())
	if errors.Is(err, link.ErrMisuse) { // it is the server
		err = send(other, response(head), nil, patience())
	}
	if err != nil && !errors.Is(err, link.ErrInFlight) {
		t.Fatalf("send what is not to be received: %v", err)
	}
	h.Reset(victim)
}

// toOther returns the header of a message that an end of a session may send.
func toOther(from link.Conn, p pair, id uint64) wire.Header {
	if from == p.client {
		return request(id)
	}
	return response(request(id))
}
