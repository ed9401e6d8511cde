//go:build linux || freebsd

package service_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// blobMethod is blobs as clients know it.
type blobMethod struct{}

var _ service.Method[[]byte, []byte] = blobMethod{}

func (blobMethod) Code() codec.Method       { return blobCode }
func (blobMethod) RequestSize(r []byte) int { return len(r) }
func (blobMethod) EncodeRequest(dst, r []byte) (int, error) {
	if len(dst) < len(r) {
		return 0, codec.ErrOverflow
	}
	return copy(dst, r), nil
}
func (blobMethod) DecodeResponse(b []byte) ([]byte, error) { return b, nil }

type blobClient = service.Client[[]byte, []byte, blobMethod]

// host is a managed server of blobs over sockets.
type host struct {
	s      *service.Server[[]byte, blob, blobs]
	cfg    posix.Config
	served chan error // what Serve returned
}

// newHost starts a server in a run directory of its own. Its end is the test's.
func newHost(tb testing.TB, lc posix.ListenConfig, cfg service.ServerConfig, h blobHandler) *host {
	tb.Helper()
	dir, err := os.MkdirTemp("", "netipc") // short: the address of a socket has little room
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	r, err := startHost(dir, lc, cfg, h)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.end(tb) })
	return r
}

func startHost(dir string, lc posix.ListenConfig, cfg service.ServerConfig, h blobHandler) (*host, error) {
	lc.Config = posix.Config{RunDir: dir, Service: "hard"}
	l, err := posix.Listen(context.Background(), lc)
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &host{s: service.NewServer[blobs](l, cfg, h), cfg: lc.Config, served: make(chan error, 1)}
	go func() { r.served <- r.s.Serve(context.Background()) }()
	return r, nil
}

// end closes the server. Again it does nothing.
func (r *host) end(tb testing.TB) {
	tb.Helper()
	if err := r.s.Close(); err != nil {
		tb.Errorf("Close: %v", err)
	}
	if r.served == nil {
		return
	}
	if err := linktest.Await(tb, "Serve to return", r.served); err != nil {
		tb.Errorf("Serve: %v", err)
	}
	r.served = nil
}

// dialer returns a dialer with the given packet size and send buffer; 0: the defaults.
func (r *host) dialer(tb testing.TB, packet uint32, sendBuffer int) *posix.Dialer {
	tb.Helper()
	d, err := posix.NewDialer(posix.DialConfig{Config: r.cfg, Packet: packet, SendBuffer: sendBuffer})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// ready connects a client, which is closed with the test.
func ready(tb testing.TB, c *blobClient) *blobClient {
	tb.Helper()
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if !c.Ready() {
		tb.Fatalf("the client is %v", c.Status())
	}
	return c
}

// few returns how much of something to do: few, or with NETIPC_SOAK=1 many.
func few(few, many int) int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return many
	}
	return few
}

// needDescriptors skips a test for which this process may not open enough.
func needDescriptors(tb testing.TB, n uint64) {
	tb.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) < n {
		tb.Skipf("needs %d descriptors, may have %d (%v)", n, limit.Cur, err)
	}
}

// filesIn lists a directory.
func filesIn(tb testing.TB, dir string) []string {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		tb.Fatal(err)
	}
	return names
}
