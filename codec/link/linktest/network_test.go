package linktest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func listen(t *testing.T, n *linktest.Network, cfg linktest.ListenConfig) link.Listener {
	t.Helper()
	l, err := n.Listen("x", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestOneListenerPerName(t *testing.T) {
	n := linktest.NewNetwork()
	l := listen(t, n, linktest.ListenConfig{})
	if _, err := n.Listen("x", linktest.ListenConfig{}); !errors.Is(err, link.ErrAddrInUse) {
		t.Errorf("second listener: %v, want %v", err, link.ErrAddrInUse)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := listen(t, n, linktest.ListenConfig{})
	l.Close() // must not remove its successor
	linktest.Connect(t, again, n.Dialer("x"), link.Proposal{}, link.Settings{})
}

func TestNames(t *testing.T) {
	n := linktest.NewNetwork()
	if _, err := n.Listen("a/b", linktest.ListenConfig{}); !errors.Is(err, link.ErrBadServiceName) {
		t.Errorf("listen at a/b: %v, want %v", err, link.ErrBadServiceName)
	}
	listen(t, n, linktest.ListenConfig{})
	if _, err := linktest.NewNetwork().Connect("x"); !errors.Is(err, link.ErrNotFound) {
		t.Errorf("another network's endpoint: %v, want %v", err, link.ErrNotFound)
	}
}

func TestPeers(t *testing.T) {
	n := linktest.NewNetwork()
	cfg := linktest.ListenConfig{Server: link.Peer{Known: true, PID: 1}, Client: link.Peer{Known: true, PID: 2, UID: 3}}
	l := listen(t, n, cfg)
	client, server := linktest.Connect(t, l, n.Dialer("x"), link.Proposal{}, link.Settings{})
	if got := client.Info().Peer; got != cfg.Server {
		t.Errorf("the client's peer is %+v, want %+v", got, cfg.Server)
	}
	if got := server.Info().Peer; got != cfg.Client {
		t.Errorf("the server's peer is %+v, want %+v", got, cfg.Client)
	}
	for _, c := range []interface{ syscallConn() error }{conn{client}, conn{server}} {
		if err := c.syscallConn(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("SyscallConn: %v, want %v", err, errors.ErrUnsupported)
		}
	}
	if _, err := l.SyscallConn(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("SyscallConn: %v, want %v", err, errors.ErrUnsupported)
	}
}

type conn struct{ link.Conn }

func (c conn) syscallConn() error {
	_, err := c.SyscallConn()
	return err
}

// Closing with packets unread resets, as a socket does; the peer reads what was queued for it first.
func TestCloseWithPacketsUnread(t *testing.T) {
	n := linktest.NewNetwork()
	client, server := linktest.Connect(t, listen(t, n, linktest.ListenConfig{}), n.Dialer("x"), link.Proposal{}, link.Settings{})
	for id := range uint64(2) {
		if err := send(client, wire.KindRequest, id); err != nil {
			t.Fatal(err)
		}
	}
	var m link.Message
	if err := server.Recv(&m, nil); err != nil {
		t.Fatal(err)
	}
	if err := send(server, wire.KindResponse, m.Header.MessageID); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if err := client.Recv(&m, nil); err != nil || m.Header.MessageID != 0 {
		t.Errorf("the answer that was sent before: %+v, %v", m.Header, err)
	}
	if err := client.Recv(&m, nil); !errors.Is(err, link.ErrReset) {
		t.Errorf("after it: %v, want %v", err, link.ErrReset)
	}
}

func send(c link.Conn, kind wire.Kind, id uint64) error {
	if _, err := c.Reserve(8); err != nil {
		return err
	}
	return c.Commit(wire.Header{Kind: kind, Code: 1, ItemCount: 1, MessageID: id}, 8, nil)
}

// In a bubble time is the fake one: a silent client is dropped after 5 s, a deadline passes when all sleep.
func TestFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := linktest.NewNetwork()
		l := listen(t, n, linktest.ListenConfig{})
		r := n.RawClient(t, "x")
		in, err := l.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := in.Handshake(t.Context(), link.Settings{}); !errors.Is(err, link.ErrTimeout) {
			t.Errorf("silent client: %v, want %v", err, link.ErrTimeout)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("dropped after %v, want 5 s", took)
		}
		r.Close()

		client, server := linktest.Connect(t, l, n.Dialer("x"), link.Proposal{}, link.Settings{})
		start = time.Now()
		d := link.Within(30 * time.Second)
		var m link.Message
		if err := client.Recv(&m, &d); !errors.Is(err, link.ErrTimeout) {
			t.Errorf("receive: %v, want %v", err, link.ErrTimeout)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("gave up after %v, want 30 s", took)
		}
		if got := d.Time(); !got.Equal(start.Add(30 * time.Second)) {
			t.Errorf("the deadline was %v, want %v", got, start.Add(30*time.Second))
		}

		// A packet that comes a nanosecond before the deadline is in time.
		go func() {
			timer := time.NewTimer(time.Hour - 1)
			<-timer.C
			send(client, wire.KindRequest, 1)
		}()
		d = link.At(time.Now().Add(time.Hour))
		if err := server.Recv(&m, &d); err != nil {
			t.Errorf("receive in time: %v", err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Dialer("x").Dial(ctx, link.Proposal{}); !errors.Is(err, link.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial: %v, want that time is up", err)
		}
	})
}
