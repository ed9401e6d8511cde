package linktest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// request sends an increment and checks nothing.
func request(t *testing.T, c link.Conn, id, v uint64) {
	t.Helper()
	b, err := c.Reserve(8)
	if err != nil {
		t.Fatal(err)
	}
	binary.NativeEndian.PutUint64(b, v)
	if err := c.Commit(wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: id}, 8, nil); err != nil {
		t.Fatal(err)
	}
}

func wantAnswer(t *testing.T, c link.Conn, id, v uint64) {
	t.Helper()
	var m link.Message
	if err := c.Recv(&m, nil); err != nil {
		t.Fatal(err)
	}
	if got := binary.NativeEndian.Uint64(m.Payload); m.Header.MessageID != id || got != v {
		t.Errorf("id %d is answered with %d, want id %d with %d", m.Header.MessageID, got, id, v)
	}
}

func increment(_ uint16, payload []byte) []byte {
	return binary.NativeEndian.AppendUint64(nil, binary.NativeEndian.Uint64(payload)+1)
}

// pairs runs AnswerInPairs until the test ends and returns a dialer for it.
func pairs(t *testing.T) link.Dialer {
	t.Helper()
	n := linktest.NewNetwork()
	l := listen(t, n, linktest.ListenConfig{})
	running(t, func(ctx context.Context) error { return linktest.AnswerInPairs(ctx, l, increment) })
	return n.Dialer("x")
}

// running runs a server until the test ends, and expects no error of it.
func running(t *testing.T, serve func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := linktest.Await(t, "the server to end", done); err != nil {
			t.Errorf("the server says %v", err)
		}
	})
}

func dial(t *testing.T, d link.Dialer) link.Conn {
	t.Helper()
	c, err := d.Dial(context.Background(), link.Proposal{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestAnswerInPairs(t *testing.T) {
	d := pairs(t)
	a, b := dial(t, d), dial(t, d)
	for i := range uint64(10) {
		request(t, a, 2*i, 100+i)
		request(t, b, i, 0) // of another session: does not count
		request(t, a, 2*i+1, 200+i)
		wantAnswer(t, a, 2*i+1, 201+i)
		wantAnswer(t, a, 2*i, 101+i)
	}
}

func TestAnswerInPairsHoldsTheFirst(t *testing.T) {
	c := dial(t, pairs(t))
	request(t, c, 1, 1)
	d := link.Within(1)
	if err := c.Recv(new(link.Message), &d); !errors.Is(err, link.ErrTimeout) {
		t.Errorf("one request alone: %v, want that nothing comes", err)
	}
}

func TestServeReportsWhatASessionReturns(t *testing.T) {
	n := linktest.NewNetwork()
	l := listen(t, n, linktest.ListenConfig{})
	mine := errors.New("mine")
	done := make(chan error, 1)
	go func() {
		done <- linktest.Serve(t.Context(), l, link.Settings{}, func(context.Context, link.Conn) error { return mine })
	}()
	c := dial(t, n.Dialer("x"))
	if err := c.Recv(new(link.Message), nil); !errors.Is(err, link.ErrPeerClosed) {
		t.Errorf("the session goes on when its function has returned: %v", err)
	}
	l.Close()
	if err := linktest.Await(t, "Serve", done); !errors.Is(err, mine) {
		t.Errorf("Serve: %v, want %v", err, mine)
	}
}

func TestRelayCounts(t *testing.T) {
	for _, c := range []struct{ atOnce, want int }{{2, 2}, {8, 8}} {
		front := linktest.NewNetwork()
		l := listen(t, front, linktest.ListenConfig{})
		relay := linktest.NewRelay(l, pairs(t))
		running(t, relay.Run)
		conn := dial(t, front.Dialer("x"))
		for id := range uint64(c.atOnce) {
			request(t, conn, id, id)
		}
		for i := 0; i < c.atOnce; i += 2 {
			wantAnswer(t, conn, uint64(i)+1, uint64(i)+2)
			wantAnswer(t, conn, uint64(i), uint64(i)+1)
		}
		if got := relay.MaxOutstanding(); got < 2 || got > c.want {
			t.Errorf("%d requests sent at once: the relay saw %d", c.atOnce, got)
		}
		if relay.Sessions() != 1 || relay.Requests() != c.atOnce || relay.Responses() != c.atOnce {
			t.Errorf("the relay counts %d sessions, %d requests, %d responses", relay.Sessions(), relay.Requests(), relay.Responses())
		}
		conn.Close()
	}
}

// One request after the other is never more than one outstanding.
func TestRelaySequential(t *testing.T) {
	back, front := linktest.NewNetwork(), linktest.NewNetwork()
	server := listen(t, back, linktest.ListenConfig{})
	running(t, func(ctx context.Context) error {
		return linktest.Serve(ctx, server, link.Settings{}, func(_ context.Context, c link.Conn) error {
			var m link.Message
			for {
				if err := c.Recv(&m, nil); err != nil {
					return err
				}
				if err := linktest.Answer(c, m.Header, increment(0, m.Payload)); err != nil {
					return err
				}
			}
		})
	})
	relay := linktest.NewRelay(listen(t, front, linktest.ListenConfig{}), back.Dialer("x"))
	running(t, relay.Run)
	c := dial(t, front.Dialer("x"))
	for id := range uint64(100) {
		request(t, c, id, id)
		wantAnswer(t, c, id, id+1)
	}
	if got := relay.MaxOutstanding(); got != 1 {
		t.Errorf("the relay saw %d requests outstanding at once, want 1", got)
	}
}

// Without a server behind it, a relay closes its clients' sessions.
func TestRelayWithoutServer(t *testing.T) {
	front := linktest.NewNetwork()
	relay := linktest.NewRelay(listen(t, front, linktest.ListenConfig{}), linktest.NewNetwork().Dialer("x"))
	running(t, relay.Run)
	c := dial(t, front.Dialer("x"))
	if err := c.Recv(new(link.Message), nil); !errors.Is(err, link.ErrPeerClosed) {
		t.Errorf("receive: %v, want %v", err, link.ErrPeerClosed)
	}
}
