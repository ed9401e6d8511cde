package linktest

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var hostileTests = []subtest{
	{"Clients", anywhere, hostileClients},
	{"Servers", anywhere, hostileServers},
	{"Requests", anywhere, func(t *testing.T, h Harness) { hostileSessions(t, h, InsteadOfRequest) }},
	{"Responses", anywhere, func(t *testing.T, h Harness) { hostileSessions(t, h, InsteadOfResponse) }},
	{"OddButRight", anywhere, oddButRight},
}

func staged(stage Stage) (some []NamedPackets) {
	for _, p := range HostilePackets() {
		if p.Stage == stage {
			some = append(some, p)
		}
	}
	return some
}

// hostileClients: each is answered as it deserves and dropped, and the next client is served.
func hostileClients(t *testing.T, h Harness) {
	for _, hostile := range staged(InsteadOfHello) {
		t.Run(hostile.Name, func(t *testing.T) {
			l, d := h.New(t)
			r, in := silent(t, h, l)
			feed(t, r, hostile.Packets)
			_, err := in.Handshake(patiently(t), h.Settings)
			if hostile.WantClose {
				wantOnly(t, "handshake", err, link.ErrNotHello)
			} else {
				wantRefused(t, "handshake", err, hostile.WantStatus)
				wantRefusal(t, r, hostile.WantStatus)
			}
			if b, err := r.Recv(); err == nil {
				t.Errorf("the client was told %x", b)
			}
			connect(t, l, d, h.Proposal, h.Settings)
		})
	}
}

// wantRefusal receives a HELLO_ACK with the given status and the body that refusals have (spec 15-f).
func wantRefusal(t testing.TB, r Raw, want wire.Status) {
	t.Helper()
	b, err := r.Recv()
	if err != nil {
		t.Fatalf("the client waits for an answer: %v", err)
	}
	if string(b) != string(link.AppendRefusal(nil, want)) {
		t.Errorf("the client was told %x, want %x", b, link.AppendRefusal(nil, want))
	}
}

// hostileSessions: each violation is found, ends its session and no other.
func hostileSessions(t *testing.T, h Harness, stage Stage) {
	hl := HostileLimits()
	l := limits{request: hl.RequestPayload, items: hl.RequestItems, response: hl.ResponsePayload, packet: hl.Packet}
	for _, hostile := range staged(stage) {
		if len(hostile.Packets) > 1 && h.Nature.Whole {
			continue
		}
		t.Run(hostile.Name, func(t *testing.T) {
			var r Raw
			var c link.Conn
			if stage == InsteadOfRequest {
				r, c = rawClient(t, h, l)
			} else {
				r, c = rawServer(t, h, l)
				mustSend(t, c, request(9), nil)
				if _, err := r.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			feed(t, r, hostile.Packets)
			err := c.Recv(new(link.Message), patience())
			var violation *link.ProtocolError
			if !errors.As(err, &violation) {
				t.Fatalf("receive: error %v, want a *ProtocolError", err)
			}
			if violation.Status != hostile.WantStatus {
				t.Errorf("violation %v: status %v, want %v", err, violation.Status, hostile.WantStatus)
			}
			if again := c.Recv(new(link.Message), patience()); again != err {
				t.Errorf("the next Recv says %v, the first said %v", again, err)
			}
			c.Close()
			if _, err := r.Recv(); err == nil {
				t.Error("the peer received an answer that nobody sent")
			}
		})
	}
}

// oddMessage is what deployed peers send and what must be taken (spec 01, 15-q).
type oddMessage struct {
	name    string
	want    []byte
	packets [][]byte
}

// oddMessages returns those with a given header, for packets of 64 bytes.
func oddMessages(head wire.Header) []oddMessage {
	payload := random(100)
	msg := message(head, payload)
	id := head.MessageID
	batched := head
	batched.Flags, batched.ItemCount = wire.FlagBatch, 2
	single := batched
	single.ItemCount = 1
	overlapping := append(append(make([]byte, 0, 32), make([]byte, 16)...), random(8)...)
	overlapping[4], overlapping[12] = 4, 4
	flagged := head
	flagged.Flags, flagged.Status, flagged.ItemCount = 0xfffe, 999, 0
	return []oddMessage{
		{"one packet larger than agreed", payload, [][]byte{msg}},
		{"header alone first", payload, recut(msg, id, 64, 32, 32, 32, 32, 4)},
		{"all chunks short", payload, recut(msg, id, 64, 64, 1, 2, 30, 5, 7, 23)},
		{"byte by byte", payload, recut(msg, id, 64, 64, ones(68)...)},
		{"unknown flags, a status and no items", payload, [][]byte{message(flagged, payload)}},
		{"batch whose items overlap, without padding", overlapping[:20], [][]byte{message(batched, overlapping[:20])}},
		{"batch of one", overlapping[:12], [][]byte{message(single, overlapping[:12])}},
		{"no payload", nil, [][]byte{message(head, nil)}},
	}
}

// oddButRight: either side takes them, again and again.
func oddButRight(t *testing.T, h Harness) {
	for _, side := range []string{"server", "client"} {
		head := request(3)
		if side == "client" {
			head = response(head)
		}
		for _, odd := range oddMessages(head) {
			if len(odd.packets) > 1 && h.Nature.Whole {
				continue
			}
			t.Run(side+"/"+odd.name, func(t *testing.T) {
				r, c := h.raw(t, side, limits{request: 256, response: 256, items: 4, packet: 64})
				for range 2 {
					if side == "client" {
						mustSend(t, c, request(3), nil)
						if _, err := r.Recv(); err != nil {
							t.Fatal(err)
						}
					}
					sent := feed(t, r, odd.packets)
					wantMessage(t, c, odd.want)
					if err := Await(t, "the packets to be sent", sent); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

func ones(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = 1
	}
	return s
}
