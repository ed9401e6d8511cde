package local_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// supported skips a test where there is no transport, after checking that this is said clearly.
func supported(t *testing.T) {
	switch runtime.GOOS {
	case "linux", "freebsd":
		return
	}
	_, errDial := local.NewDialer("dir", "service")
	_, errListen := local.Listen(t.Context(), "dir", "service")
	if !errors.Is(errDial, errors.ErrUnsupported) || !errors.Is(errListen, errors.ErrUnsupported) {
		t.Errorf("no transport here, but: %v; %v", errDial, errListen)
	}
	t.Skip(errDial)
}

// shortDir is a directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestRoundTrip(t *testing.T) {
	supported(t)
	dir := shortDir(t)
	d, err := local.NewDialer(dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Dial(t.Context(), link.Proposal{}); !errors.Is(err, link.ErrNotFound) {
		t.Errorf("nobody serves, but: %v", err)
	}
	for range 2 { // the second server finds nothing of the first
		l, err := local.Listen(t.Context(), dir, "increment")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := local.Listen(t.Context(), dir, "increment"); !errors.Is(err, link.ErrAddrInUse) {
			t.Errorf("a second server: %v", err)
		}
		s := increment.NewServer(l, service.ServerConfig{}, increment.Next)
		served := make(chan error, 1)
		go func() { served <- s.Serve(context.Background()) }()
		c, err := d.Dial(t.Context(), link.Proposal{})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, c, 41); got != 42 {
			t.Errorf("41 incremented is %d", got)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := linktest.Await(t, "Serve", served); err != nil {
			t.Error(err)
		}
		c.Close()
		if _, err := os.Stat(d.Endpoint()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("left behind: %s, %v", d.Endpoint(), err)
		}
	}
}

// Clients that connect and say nothing hold up nobody, and a server that is closed is rid of them at once.
func TestSilentClients(t *testing.T) {
	supported(t)
	dir := shortDir(t)
	l, err := local.Listen(t.Context(), dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	s := increment.NewServer(l, service.ServerConfig{}, increment.Next)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	d, err := local.NewDialer(dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	const silent = 1000
	for range silent {
		c, err := net.Dial("unixpacket", d.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	c, err := d.Dial(t.Context(), link.Proposal{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := ask(t, c, 41); got != 42 {
		t.Errorf("41 incremented is %d", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := linktest.Await(t, "Serve", served); err != nil {
		t.Error(err)
	}
	if st := s.Status(); st.Handshakes != 0 || st.Refused != silent || st.Accepted != 1 {
		t.Errorf("status %+v", st)
	}
}

func ask(t *testing.T, c link.Conn, v uint64) uint64 {
	t.Helper()
	b, err := c.Reserve(increment.Method{}.RequestSize(v))
	if err != nil {
		t.Fatal(err)
	}
	n, err := increment.Method{}.EncodeRequest(b, v)
	if err != nil {
		t.Fatal(err)
	}
	h := wire.Header{Kind: wire.KindRequest, Code: uint16(increment.Method{}.Code()), ItemCount: 1, MessageID: 1}
	if err := c.Commit(h, n, nil); err != nil {
		t.Fatal(err)
	}
	var m link.Message
	if err := c.Recv(&m, nil); err != nil {
		t.Fatal(err)
	}
	got, err := increment.Method{}.DecodeResponse(m.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBadNames(t *testing.T) {
	supported(t)
	for _, c := range []struct {
		dir, service string
		want         error
	}{
		{"dir", "a/b", link.ErrBadServiceName},
		{"dir", "..", link.ErrBadServiceName},
		{"dir", "", link.ErrBadServiceName},
		{"", "a", nil}, // the transport's to name
	} {
		d, err := local.NewDialer(c.dir, c.service)
		if d != nil || err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("NewDialer(%q, %q): %v, %v", c.dir, c.service, d, err)
		}
		l, err := local.Listen(t.Context(), c.dir, c.service)
		if l != nil || err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("Listen(%q, %q): %v, %v", c.dir, c.service, l, err)
		}
	}
}
