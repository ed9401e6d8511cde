package linktest

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

var inFlightTests = []subtest{
	{"AnswersInAnyOrder", deep, anyOrder},
	{"DuplicateRefused", anywhere, duplicateRefused},
	{"DepthRefused", anywhere, depthRefused},
	{"UnknownAnswerEndsTheSession", anywhere, unknownAnswer},
	{"AnswerTwiceEndsTheSession", anywhere, answerTwice},
	{"IdsMayBeUsedAgain", anywhere, idsAgain},
}

// openDeep is open for a session on which n requests may be outstanding, or as many as the transport's nature allows.
func (h Harness) openDeep(t *testing.T, n int, l limits) pair {
	t.Helper()
	l.depth = n
	return h.open(t, l)
}

func anyOrder(t *testing.T, h Harness) {
	p := h.openDeep(t, 5, limits{})
	for id := range uint64(5) {
		mustSend(t, p.client, request(id), []byte{byte(id)})
		mustRecv(t, p.server)
	}
	for _, id := range []uint64{3, 0, 4, 1, 2} {
		mustSend(t, p.server, response(request(id)), []byte{byte(id) + 100})
		m := mustRecv(t, p.client)
		if m.Header.MessageID != id || len(m.Payload) != 1 || m.Payload[0] != byte(id)+100 {
			t.Errorf("received id %d, payload %x; want %d", m.Header.MessageID, m.Payload, id)
		}
	}
}

func duplicateRefused(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	mustSend(t, p.client, request(1), []byte{1})
	wantOnly(t, "second request with id 1", send(p.client, request(1), []byte{2}, patience()), link.ErrInFlight)
	m := mustRecv(t, p.server)
	mustSend(t, p.server, response(m.Header), nil)
	mustRecv(t, p.client)
	p.works(t, 1)
}

func depthRefused(t *testing.T, h Harness) {
	p := h.open(t, limits{depth: 3})
	depth := uint64(p.client.Info().Depth)
	for id := range depth {
		mustSend(t, p.client, request(id), nil)
		mustRecv(t, p.server)
	}
	wantOnly(t, "a request too many", send(p.client, request(depth), nil, patience()), link.ErrInFlight)
	for id := range depth {
		mustSend(t, p.server, response(request(id)), nil)
		mustRecv(t, p.client)
	}
	p.works(t, depth)
}

func unknownAnswer(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	mustSend(t, p.client, request(1), nil)
	mustRecv(t, p.server)
	mustSend(t, p.server, response(request(2)), []byte{1})
	var m link.Message
	wantOnly(t, "receive", p.client.Recv(&m, patience()), link.ErrProtocol)
	if m.Payload != nil {
		t.Errorf("the answer to nothing was handed out: %x", m.Payload)
	}
	wantOnly(t, "receive again", p.client.Recv(&m, patience()), link.ErrProtocol)
}

func answerTwice(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	mustSend(t, p.client, request(1), nil)
	mustRecv(t, p.server)
	mustSend(t, p.server, response(request(1)), nil)
	mustRecv(t, p.client)
	mustSend(t, p.server, response(request(1)), nil)
	wantOnly(t, "receive", p.client.Recv(new(link.Message), patience()), link.ErrProtocol)
}

// idsAgain: an id is free again once its answer was received; 0 is an id like any other.
func idsAgain(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for range 100 {
		p.works(t, 0)
	}
}
