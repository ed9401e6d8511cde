package linktest

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var limitTests = []subtest{
	{"ExactlyTheLimit", anywhere, exactLimit},
	{"RequestRefusedLocally", anywhere, requestTooLarge},
	{"ResponseRefusedLocally", anywhere, responseTooLarge},
	{"RequestBeyondEndsTheServersSession", anywhere, remoteRequestTooLarge},
	{"ResponseBeyondEndsTheClientsSession", anywhere, remoteResponseTooLarge},
}

var tight = limits{request: 100, items: 4, response: 200}

func exactLimit(t *testing.T, h Harness) {
	p := h.open(t, tight)
	head := request(1)
	head.ItemCount = 4
	mustSend(t, p.client, head, random(100))
	m := mustRecv(t, p.server)
	mustSend(t, p.server, response(m.Header), random(200))
	if m = mustRecv(t, p.client); len(m.Payload) != 200 || m.Header.ItemCount != 4 {
		t.Errorf("received %+v", m.Header)
	}
}

// wantLimit checks that an error names a limit and both numbers.
func wantLimit(t testing.TB, what string, err error, need, agreed uint64) {
	t.Helper()
	wantOnly(t, what, err, link.ErrTooLarge)
	var limit *link.LimitError
	if !errors.As(err, &limit) || limit.Need != need || limit.Agreed != agreed || limit.What == "" {
		t.Errorf("%s: error %v, want a *LimitError for %d of %d", what, err, need, agreed)
	}
}

// tooLarge tries on one side what exceeds its limits.
func tooLarge(t *testing.T, c link.Conn, h wire.Header, limit int) {
	t.Helper()
	_, err := c.Reserve(limit + 1)
	wantLimit(t, "reserve", err, uint64(limit)+1, uint64(limit))
	b, err := c.Reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	b[0] = 42
	_, err = c.Reserve(limit + 1)
	wantLimit(t, "enlarge", err, uint64(limit)+1, uint64(limit))
	if len(b) != 1 || b[0] != 42 {
		t.Errorf("the refusal to enlarge changed what was reserved: %x", b)
	}
	h.ItemCount = 5
	wantLimit(t, "commit", c.Commit(h, 1, patience()), 5, 4)
}

func requestTooLarge(t *testing.T, h Harness) {
	p := h.open(t, tight)
	tooLarge(t, p.client, request(1), 100)
	p.works(t, 1)
}

func responseTooLarge(t *testing.T, h Harness) {
	p := h.open(t, tight)
	mustSend(t, p.client, request(1), nil)
	m := mustRecv(t, p.server)
	tooLarge(t, p.server, response(m.Header), 200)
	mustSend(t, p.server, response(m.Header), nil)
	mustRecv(t, p.client)
	p.works(t, 1)
}

// beyond returns messages that exceed the limits of tight in one direction.
func beyond(h wire.Header, payload int) map[string][]byte {
	items, both := h, h
	items.ItemCount, both.ItemCount = 5, 5
	return map[string][]byte{
		"payload":     message(h, random(payload+1)),
		"items":       message(items, nil),
		"both":        message(both, random(payload+1)),
		"header only": message(h, random(payload+1))[:wire.HeaderSize],
	}
}

func remoteRequestTooLarge(t *testing.T, h Harness) {
	for name, packet := range beyond(request(9), 100) {
		t.Run(name, func(t *testing.T) {
			r, server := rawClient(t, h, tight)
			if err := r.Send(packet); err != nil {
				t.Fatal(err)
			}
			wantViolation(t, server, wire.StatusLimitExceeded, request(9).MessageID)
			answer := response(request(9))
			answer.Status = wire.StatusLimitExceeded
			mustSend(t, server, answer, nil) // the client is told
			if b, err := r.Recv(); err != nil || len(b) != wire.HeaderSize {
				t.Errorf("the client received %x, %v", b, err)
			}
		})
	}
}

func remoteResponseTooLarge(t *testing.T, h Harness) {
	for name, packet := range beyond(response(request(9)), 200) {
		t.Run(name, func(t *testing.T) {
			r, client := rawServer(t, h, tight)
			mustSend(t, client, request(9), nil)
			if _, err := r.Recv(); err != nil {
				t.Fatal(err)
			}
			if err := r.Send(packet); err != nil {
				t.Fatal(err)
			}
			wantViolation(t, client, wire.StatusLimitExceeded, 9)
		})
	}
}

// wantViolation receives and checks that the peer's violation is found, and ends that half for good.
func wantViolation(t testing.TB, c link.Conn, status wire.Status, id uint64) {
	t.Helper()
	var first error
	for range 2 {
		err := c.Recv(new(link.Message), patience())
		var violation *link.ProtocolError
		if !errors.As(err, &violation) || !errors.Is(err, link.ErrProtocol) {
			t.Fatalf("receive: error %v, want a *ProtocolError", err)
		}
		if violation.Status != status || violation.Header.MessageID != id {
			t.Errorf("violation %v: status %v of message %d, want %v of %d", err, violation.Status, violation.Header.MessageID, status, id)
		}
		if first == nil {
			first = err
		} else if err != first {
			t.Errorf("the second call says %v, the first %v", err, first)
		}
	}
}
