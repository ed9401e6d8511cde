package linktest

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// send sends one message with the given payload.
func send(c link.Conn, h wire.Header, payload []byte, d *link.Deadline) error {
	b, err := c.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(b, payload)
	return c.Commit(h, len(payload), d)
}

// request returns the header of a request that is no batch.
func request(id uint64) wire.Header {
	return wire.Header{Kind: wire.KindRequest, Code: 7, ItemCount: 1, MessageID: id}
}

// response returns the header of the answer to a request.
func response(req wire.Header) wire.Header {
	req.Kind, req.Status = wire.KindResponse, wire.StatusOK
	return req
}

func mustSend(t testing.TB, c link.Conn, h wire.Header, payload []byte) {
	t.Helper()
	if err := send(c, h, payload, patience()); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// mustRecv receives one message.
func mustRecv(t testing.TB, c link.Conn) *link.Message {
	t.Helper()
	m := new(link.Message)
	if err := c.Recv(m, patience()); err != nil {
		t.Fatalf("receive: %v", err)
	}
	return m
}

// works checks that a session still carries a request and its answer.
func (p pair) works(t testing.TB, id uint64) {
	t.Helper()
	mustSend(t, p.client, request(id), []byte{1, 2, 3})
	m := mustRecv(t, p.server)
	if m.Header.MessageID != id || string(m.Payload) != "\x01\x02\x03" {
		t.Fatalf("the server received id %d, payload %x; want %d, 010203", m.Header.MessageID, m.Payload, id)
	}
	mustSend(t, p.server, response(m.Header), []byte{4, 5})
	m = mustRecv(t, p.client)
	if m.Header.MessageID != id || string(m.Payload) != "\x04\x05" {
		t.Fatalf("the client received id %d, payload %x; want %d, 0405", m.Header.MessageID, m.Payload, id)
	}
}
