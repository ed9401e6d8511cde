//go:build linux || freebsd

package local_test

import (
	"bytes"
	"fmt"
	"net"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// asServer says to our server what the recorded client said, and expects what the recorded server answered.
func asServer(t *testing.T, tr *transcript, used letters) {
	for _, events := range tr.connections() {
		r := &serverReplay{tr: tr, used: used, server: serve(t, tr, events)}
		conn := dialRaw(t, r.server.runDir)
		if err := r.run(conn, events); err != nil {
			t.Fatal(err)
		}
		r.end(t, conn, events)
		conn.Close()
	}
}

// serverReplay is one recorded connection with our server in the place of the recorded one.
type serverReplay struct {
	tr     *transcript
	used   letters
	server *replayServer

	request  wire.Header // the client's last message
	answered bool        // it was
	last     wire.Header // our last message
}

func (r *serverReplay) run(conn net.Conn, events []event) error {
	buf := make([]byte, 1<<20)
	for i, e := range events {
		switch e.Dir {
		case "c2s":
			if _, err := conn.Write(e.Hex); err != nil {
				return fmt.Errorf("event %d: %w", i, err)
			}
			if wire.HasMagic(e.Hex) {
				r.request, _ = wire.DecodeHeader(e.Hex)
				r.answered = false
			}
		case "s2c":
			n, err := conn.Read(buf)
			if err != nil {
				return fmt.Errorf("event %d: %w", i, err)
			}
			if wire.HasMagic(buf[:n]) {
				r.last, _ = wire.DecodeHeader(buf[:n])
				r.answered = true
			}
			if bytes.Equal(withoutSession(buf[:n]), withoutSession(e.Hex)) {
				continue
			}
			letter := r.letter(e.Hex, buf[:n])
			if letter == "" {
				return fmt.Errorf("event %d:\ngot  %s\nwant %s", i, describe(buf[:n]), describe(e.Hex))
			}
			r.used[letter] = true
		}
	}
	return nil
}

// letter says which decision makes our packet differ from the recorded one, or "".
func (r *serverReplay) letter(recorded, ours []byte) string {
	want, err1 := wire.DecodeHeader(recorded)
	got, err2 := wire.DecodeHeader(ours)
	if err1 != nil || err2 != nil || got.Kind != want.Kind || got.Code != want.Code || got.MessageID != want.MessageID {
		return ""
	}
	plain := got.Flags == 0 && got.ItemCount == 1 && got.PayloadLen == 0
	_, configured := r.tr.head.ServerArgs["req"]
	switch {
	case got.Kind == wire.KindControl && want.Status == wire.StatusLimitExceeded && got.Status == wire.StatusOK && !configured:
		return "o" // deployed servers without configuration take requests of 1024 bytes, ours of up to 1 MiB
	case got.Kind == wire.KindResponse && got.Status == want.Status && got.Status != wire.StatusOK && want.IsBatch() && plain:
		return "m" // deployed C servers make the refusal of a batch look like a batch (D5)
	case got.Kind == wire.KindResponse && want.Status == wire.StatusInternalError && got.Status == wire.StatusLimitExceeded && plain:
		return "o" // deployed Go servers cannot say that a snapshot did not fit (D11)
	}
	return ""
}

// end judges what comes after the last recorded packet.
func (r *serverReplay) end(t *testing.T, conn net.Conn, events []event) {
	t.Helper()
	switch {
	case !r.answered && closedFirst(events) == "server_closed":
		// A request beyond what was agreed. Deployed Go servers close without a word (D3), ours says why.
		if _, ack := handshake(t, events); !beyond(r.request, ack) {
			t.Fatal("nobody knows why the recorded server closed")
		}
		if err := expectRefusal(conn, r.request, wire.StatusLimitExceeded); err != nil {
			t.Fatal(err)
		}
		r.used["l"] = true
	case !r.answered && r.request.Kind == wire.KindRequest:
		r.clientLeft(t, conn)
	case r.last.Kind == wire.KindResponse && r.last.Status == wire.StatusUnsupported:
		r.stillOpen(t, conn) // 15-z, and as deployed C servers do
	case r.last.Status != wire.StatusOK:
		if n, err := read(conn, make([]byte, 1)); n != 0 || nonTimeout(err) != nil {
			t.Fatalf("after a refusal: %d bytes, %v", n, err)
		}
	}
}

// clientLeft: the client goes while its request is being handled. That ends its session and no other.
func (r *serverReplay) clientLeft(t *testing.T, conn net.Conn) {
	t.Helper()
	linktest.Await(t, "the request to be handled", r.server.handling)
	conn.Close()
	other := dialRaw(t, r.server.runDir)
	p := link.Proposal{AuthToken: r.server.cfg.AuthToken}.WithDefaults(wire.ProfileBaseline, deployedPacket)
	buf := make([]byte, 1<<10)
	if _, err := other.Write(link.AppendHello(nil, p)); err != nil {
		t.Fatal(err)
	}
	if n, err := other.Read(buf); err != nil || status(buf[:n]) != wire.StatusOK {
		t.Fatalf("another client: %s, %v", describe(buf[:n]), err)
	}
	close(r.server.release)
	linktest.Await(t, "the end of the session", r.server.ended)
	r.stillOpen(t, other)
	if n := r.server.status().Sessions; n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// stillOpen: the session answers an increment.
func (r *serverReplay) stillOpen(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Write(incrementRequest(77, 1)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<10)
	n, err := conn.Read(buf)
	if h, bad := wire.DecodeHeader(buf[:n]); err != nil || bad != nil || h.Status != wire.StatusOK || h.MessageID != 77 {
		t.Fatalf("an increment was answered with %s, %v", describe(buf[:n]), err)
	}
}
