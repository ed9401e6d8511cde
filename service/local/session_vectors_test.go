//go:build linux || freebsd

package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// sessionRow is a row of negotiation/session: packets inside an established session, and what servers did.
type sessionRow struct {
	Session string           `json:"session"`
	Case    string           `json:"case"`
	Sent    []vectortest.Hex `json:"sent"`
	C       sessionOutcome   `json:"c"`
}

type sessionOutcome struct {
	Replies  []vectortest.Hex `json:"replies"`
	End      string           `json:"end"`
	FollowUp string           `json:"follow_up_increment"`
}

// The recorded sessions were made with these limits, and the packet size in their name.
const (
	recordedPayload = 1024
	recordedItems   = 16
)

// TestVectorSessions judges negotiation/session: our server over a real socket, against crafted packets.
func TestVectorSessions(t *testing.T) {
	for _, f := range vectortest.Files(t, "negotiation") {
		if f.Family == "session" {
			judgeSessions(t, f)
		}
	}
}

// judgeSessions plays every row to our server. We do as the deployed C server (it answers where the Go server
// is silent, D3, and closes where that goes on, D4), but for the letters that verdict names.
func judgeSessions(t *testing.T, f vectortest.File) {
	for _, raw := range vectortest.Rows(t, f) {
		var r sessionRow
		vectortest.Into(t, raw, &r)
		t.Run(r.Session+"/"+r.Case, func(t *testing.T) {
			t.Parallel() // a server takes its time to close, so that its refusal is not lost
			if err := r.judge(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func (r *sessionRow) judge(t *testing.T) error {
	var packet uint32 = 65536
	_, _ = fmt.Sscanf(r.Session, "packet_%d", &packet)
	conn := r.connect(t, packet)
	defer conn.Close()
	for _, p := range r.Sent {
		if _, err := conn.Write(p); err != nil {
			break // closed already: what it has said can still be read
		}
	}
	want := r.C.Replies
	letter := r.letter()
	switch {
	case letter == "q":
		return expectRefusal(conn, r.request(), wire.StatusBadEnvelope)
	case len(want) > 0 && status(want[0]) != wire.StatusOK && status(want[0]) != wire.StatusUnsupported:
		// An error answer has neither flags nor items (15-m), and ends the session (D4).
		return expectRefusal(conn, r.request(), status(want[0]))
	case len(want) == 0 && r.C.End == "closed":
		// A violation. Deployed servers close without a word; we say what was wrong if it was a request (08).
		return expectEnd(conn, r.request())
	}
	buf := make([]byte, 1<<17)
	for i, w := range want {
		n, err := conn.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], w) {
			return fmt.Errorf("answer %d: %v\ngot  %s\nwant %s", i, err, describe(buf[:n]), describe(w))
		}
	}
	// Still open. What the recorder did next: an increment.
	question := incrementRequest(77, 1)
	if _, err := conn.Write(question); err != nil {
		return fmt.Errorf("the session should be open: %w", err)
	}
	if r.C.FollowUp == "closed" {
		return expectEnd(conn, r.request())
	}
	n, err := conn.Read(buf)
	if err != nil {
		return fmt.Errorf("the session should be usable: %w", err)
	}
	if h, err := wire.DecodeHeader(buf[:n]); err != nil || h.Status != wire.StatusOK || h.MessageID != 77 {
		return fmt.Errorf("the follow-up was answered with %s", describe(buf[:n]))
	}
	return nil
}

// letter returns the decision of spec 15 on which we differ from both deployed servers.
func (r *sessionRow) letter() string {
	if h := r.request(); h.IsBatch() && h.ItemCount == 0 {
		return "q"
	}
	return ""
}

// request returns the header of the first packet; zero if it has none.
func (r *sessionRow) request() wire.Header {
	p, _ := wire.PeekHeader(r.Sent[0])
	return p.Header
}

func status(packet []byte) wire.Status {
	p, _ := wire.PeekHeader(packet)
	return p.Header.Status
}

func (r *sessionRow) connect(t *testing.T, packet uint32) net.Conn {
	t.Helper()
	runDir := shortDir(t)
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	handler := increment.Next
	if r.Session == "handler_refuses" {
		handler = func(context.Context, uint64) (uint64, error) { return 0, errors.New("refused") }
	}
	running(t, increment.NewServer(l, service.ServerConfig{}, handler).Serve)
	conn := dialRaw(t, runDir)
	p := link.Proposal{RequestPayload: recordedPayload, RequestItems: recordedItems}.WithDefaults(wire.ProfileBaseline, packet)
	if _, err := conn.Write(link.AppendHello(nil, p)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, link.MaxHandshakePacket)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := link.ParseAck(buf[:n], p); err != nil {
		t.Fatal(err)
	}
	return conn
}

// expectRefusal wants one error answer to a request, and then the end.
func expectRefusal(conn net.Conn, request wire.Header, s wire.Status) error {
	buf := make([]byte, 1<<16)
	n, err := read(conn, buf)
	if err != nil {
		return fmt.Errorf("no %v but: %w", s, err)
	}
	want := wire.Header{Kind: wire.KindResponse, Code: request.Code, Status: s, ItemCount: 1, MessageID: request.MessageID}
	if h, err := wire.DecodeHeader(buf[:n]); err != nil || h != want || n != wire.HeaderSize {
		return fmt.Errorf("got %s, want %v", describe(buf[:n]), s)
	}
	if n, err := read(conn, buf); err == nil && n > 0 {
		return fmt.Errorf("after %v: %s", s, describe(buf[:n]))
	}
	return nil
}

// expectEnd wants the end, before it at most one refusal, and that only of a request.
func expectEnd(conn net.Conn, request wire.Header) error {
	buf := make([]byte, 1<<16)
	n, err := read(conn, buf)
	if err != nil || n == 0 {
		return nonTimeout(err)
	}
	h, err := wire.DecodeHeader(buf[:n])
	if err != nil || request.Kind != wire.KindRequest || h.Kind != wire.KindResponse || h.PayloadLen != 0 ||
		(h.Status != wire.StatusBadEnvelope && h.Status != wire.StatusLimitExceeded) {
		return fmt.Errorf("want the end, got %s", describe(buf[:n]))
	}
	n, err = read(conn, buf)
	if err == nil && n > 0 {
		return fmt.Errorf("after the refusal: %s", describe(buf[:n]))
	}
	return nonTimeout(err)
}

// read reads a packet; a reset is reported once, before what is queued (README 27).
func read(conn net.Conn, buf []byte) (int, error) {
	n, err := conn.Read(buf)
	if err != nil && strings.Contains(err.Error(), "reset") {
		return conn.Read(buf)
	}
	return n, err
}

func nonTimeout(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	return nil
}

func incrementRequest(id, v uint64) []byte {
	h := wire.Header{Kind: wire.KindRequest, Code: 1, PayloadLen: 8, ItemCount: 1, MessageID: id}
	b := make([]byte, wire.HeaderSize+8)
	h.Put(b)
	b[wire.HeaderSize] = byte(v)
	return b
}
