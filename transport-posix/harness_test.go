package posix

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// runDir makes a run directory with a short path, for the address of a socket has little room.
func runDir(tb testing.TB) string {
	tb.Helper()
	needsSockets(tb)
	dir, err := os.MkdirTemp("", "netipc")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func needsSockets(tb testing.TB) {
	tb.Helper()
	if !sys.Supported {
		tb.Skip(ErrUnsupported)
	}
}

// fresh returns the place of a service in a run directory of its own.
func fresh(tb testing.TB) Config {
	tb.Helper()
	return Config{RunDir: runDir(tb), Service: "svc"}
}

func (c Config) socket() string { return filepath.Join(c.RunDir, c.Service+socketEnding) }

// listening starts a listener that is closed with the test.
func listening(tb testing.TB, cfg ListenConfig) *Listener {
	tb.Helper()
	l, err := Listen(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

func dialing(tb testing.TB, cfg Config) *Dialer {
	tb.Helper()
	d, err := NewDialer(DialConfig{Config: cfg})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// connected makes a bare connection to an endpoint.
func connected(tb testing.TB, cfg Config) *conn {
	tb.Helper()
	c, err := dialing(tb, cfg).connect(tb.Context(), patience())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

// accepted returns the next client of a listener, before any handshake.
func accepted(tb testing.TB, l *Listener) *incoming {
	tb.Helper()
	in, err := l.next(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.conn.Close() })
	return in
}

// packetPair returns both ends of a connection without a handshake.
func packetPair(tb testing.TB) (client, server *conn) {
	tb.Helper()
	cfg := fresh(tb)
	l := listening(tb, ListenConfig{Config: cfg})
	client = connected(tb, cfg)
	return client, accepted(tb, l).conn
}

// sessionPair returns both ends of a session.
func sessionPair(tb testing.TB, p link.Proposal, s link.Settings) (client, server link.Conn) {
	tb.Helper()
	cfg := fresh(tb)
	return linktest.Connect(tb, listening(tb, ListenConfig{Config: cfg}), dialing(tb, cfg), p, s)
}

// patience bounds waits that are to succeed.
func patience() *link.Deadline {
	d := link.Within(time.Minute)
	return &d
}

// abort closes as a process does that dies: what is unread stays unread.
func (c *conn) abort() {
	c.closed.Store(true)
	c.file.Close()
}
