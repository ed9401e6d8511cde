package linktest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var faultTests = []subtest{
	{"Requests", packets, func(t *testing.T, h Harness) { faults(t, h, wire.KindRequest) }},
	{"Responses", packets, func(t *testing.T, h Harness) { faults(t, h, wire.KindResponse) }},
}

// faultLimits make the second of the messages below three packets, and the others one.
var faultLimits = link.Limits{RequestPayload: 1000, RequestItems: 1, ResponsePayload: 1000, ResponseItems: 1, Packet: 100}

// faultPayloads are what the messages with ids 1, 2 and 3 carry.
func faultPayloads() [3][]byte { return [3][]byte{random(60), random(68 + 68 + 40), random(61)} }

// faultOutcome is what the receiver gets, and how that ends.
type faultOutcome struct {
	ids []uint64
	end error
}

// faultOutcomes says for each fault, and for each of the five packets that meets it, what becomes of the messages.
func faultOutcomes(kind wire.Kind) map[Fault][5]faultOutcome {
	all := []uint64{1, 2, 3}
	bad, closed, reset := link.ErrProtocol, link.ErrPeerClosed, link.ErrReset
	twice := [2]faultOutcome{{[]uint64{1, 1, 2, 3}, closed}, {[]uint64{1, 2, 3, 3}, closed}}
	if kind == wire.KindResponse { // nobody has asked for the second
		twice = [2]faultOutcome{{all[:1], bad}, {all, bad}}
	}
	inside := faultOutcome{all[:1], bad} // what comes is not what is due
	return map[Fault][5]faultOutcome{
		Pass:      {{all, closed}, {all, closed}, {all, closed}, {all, closed}, {all, closed}},
		Truncate:  {{nil, bad}, inside, inside, inside, {all[:2], reset}},
		Drop:      {{all[1:], closed}, inside, inside, inside, {all[:2], closed}},
		Duplicate: {twice[0], inside, inside, {all[:2], bad}, twice[1]},
		Reorder:   {{nil, bad}, inside, inside, inside, {all[:2], closed}},
		Stall:     {{all, closed}, {all, closed}, {all, closed}, {all, closed}, {all, closed}},
		Reset:     {{nil, reset}, {all[:1], reset}, {all[:1], reset}, {all[:1], reset}, {all[:2], reset}},
	}
}

// faults lets each packet of three messages meet each fault: what arrives is what was sent, or there is an error
// that says what has happened.
func faults(t *testing.T, h Harness, kind wire.Kind) {
	for fault, outcomes := range faultOutcomes(kind) {
		for n, want := range outcomes {
			t.Run(fmt.Sprintf("%v/packet %d", fault, n), func(t *testing.T) { faultCase(t, h, kind, fault, n, want) })
		}
	}
}

func faultCase(t *testing.T, h Harness, kind wire.Kind, fault Fault, at int, want faultOutcome) {
	info := link.Info{Endpoint: "faults", Limits: faultLimits, Depth: 4}
	sender, receiver, resume := h.faulty(t, FaultPlan{Client: kind == wire.KindRequest, Info: info, Packet: at, Fault: fault})
	if kind == wire.KindResponse {
		for id := range uint64(3) { // what is to be answered
			mustSend(t, receiver, request(id+1), nil)
			mustRecv(t, sender)
		}
	}
	if fault == Reset { // who dies with something unread leaves a broken connection
		mustSend(t, receiver, unread(kind), nil)
	}
	payloads := faultPayloads()
	sent := going(t, func() error {
		for i, p := range payloads {
			head := request(uint64(i + 1))
			head.Kind = kind
			if err := send(sender, head, p, patience()); err != nil {
				return err
			}
		}
		return sender.Close()
	})
	t.Cleanup(func() {
		sender.Close()
		receiver.Close()
	})
	if fault == Stall {
		stalled(t, receiver, resume, [5]int{0, 1, 1, 1, 2}[at], &payloads)
		want.ids = want.ids[[5]int{0, 1, 1, 1, 2}[at]:]
	}
	var ids []uint64
	var err error
	for m := new(link.Message); ; {
		if err = receiver.Recv(m, patience()); err != nil {
			break
		}
		id := m.Header.MessageID
		ids = append(ids, id)
		if id < 1 || id > 3 || !bytes.Equal(m.Payload, payloads[id-1]) {
			t.Fatalf("id %d came with %d bytes that nobody sent", id, len(m.Payload))
		}
	}
	if !slices.Equal(ids, want.ids) {
		t.Errorf("the messages %d came, want %d", ids, want.ids)
	}
	wantOnly(t, "receive", err, want.end)
	receiver.Close()
	switch err := Await(t, "the sender", sent); {
	case fault == Reset:
		wantOnly(t, "send", err, link.ErrReset)
	case want.end == link.ErrPeerClosed && err != nil:
		t.Errorf("send: %v", err)
	case err != nil: // the receiver may have left before all was sent
		wantGone(t, "send", err)
	}
}

// unread returns the header of a message that whoever sends the given kind gets and does not receive.
func unread(sends wire.Kind) wire.Header {
	if sends == wire.KindRequest {
		return response(request(1 << 40))
	}
	return request(1 << 40)
}

// stalled receives what comes before a stall, waits in vain for more, and ends the stall.
func stalled(t *testing.T, receiver link.Conn, resume func(), before int, payloads *[3][]byte) {
	t.Helper()
	for i := range before {
		wantMessage(t, receiver, payloads[i])
	}
	for range 2 {
		wantOnly(t, "receive", receiver.Recv(new(link.Message), soon()), link.ErrTimeout)
	}
	resume()
}
