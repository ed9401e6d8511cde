package posix

import (
	"context"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// serve accepts, shakes hands and echoes, until the listener is closed. Each session is passed to seen first.
func serve(l *Listener, seen func(link.Conn)) {
	for {
		in, err := l.Accept(context.Background())
		if err != nil {
			return
		}
		go func() {
			c, err := in.Handshake(context.Background(), link.Settings{})
			if err != nil {
				return
			}
			defer c.Close()
			if seen != nil {
				seen(c)
			}
			echo(c)
		}()
	}
}

// echo answers requests with what they carry, until the session ends.
func echo(c link.Conn) error {
	var m link.Message
	var d link.Deadline
	for {
		d = link.Within(time.Minute)
		if err := c.Recv(&m, &d); err != nil {
			return err
		}
		b, err := c.Reserve(len(m.Payload))
		if err != nil {
			return err
		}
		copy(b, m.Payload)
		m.Header.Kind = wire.KindResponse
		if err := c.Commit(m.Header, len(b), &d); err != nil {
			return err
		}
	}
}

// call sends one request and receives its answer.
func call(c link.Conn, id uint64, payload string, m *link.Message, d *link.Deadline) error {
	b, err := c.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(b, payload)
	if err := c.Commit(wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: id}, len(payload), d); err != nil {
		return err
	}
	return c.Recv(m, d)
}

func wantEcho(tb testing.TB, c link.Conn) {
	tb.Helper()
	var m link.Message
	if err := call(c, 7, "hello", &m, patience()); err != nil || string(m.Payload) != "hello" {
		tb.Errorf("echo: %q, %v", m.Payload, err)
	}
}

func dialed(tb testing.TB, cfg Config) link.Conn {
	tb.Helper()
	c, err := dialing(tb, cfg).Dial(tb.Context(), link.Proposal{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}
