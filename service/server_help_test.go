package service_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// blobs is a method of the tests' own: bytes there, bytes back. Requests that begin with 0xff cannot be decoded.
type blobs struct{}

const blobCode = codec.MethodUser + 9

// blob is its builder.
type blob struct {
	dst  []byte
	grow codec.Grow
	n    int
	err  error
	lie  int // added to the size in Finish
}

var errNeverPut = errors.New("the handler has put nothing")

func (b *blob) put(p []byte) error {
	if len(p) > len(b.dst) {
		dst, err := b.grow(len(p))
		if err != nil {
			b.err = errors.Join(codec.ErrOverflow, err)
			return b.err
		}
		b.dst = dst
	}
	b.n, b.err = copy(b.dst, p), nil
	return nil
}

func (blobs) Code() codec.Method { return blobCode }
func (blobs) Batchable() bool    { return true }
func (blobs) DecodeRequest(b []byte) ([]byte, error) {
	if len(b) > 0 && b[0] == 0xff {
		return nil, codec.FieldError("blob", "first", codec.ErrBadLayout)
	}
	return b, nil
}
func (blobs) Begin(out *blob, _ []byte, dst []byte, grow codec.Grow) error {
	*out = blob{dst: dst, grow: grow, err: errNeverPut}
	return nil
}
func (blobs) Finish(out *blob) (int, error) { return out.n + out.lie, out.err }

// lonelyBlobs is blobs without batches.
type lonelyBlobs struct{ blobs }

func (lonelyBlobs) Batchable() bool { return false }

type blobHandler = service.Handler[[]byte, blob]

// echo answers a request with itself.
func echo(_ context.Context, req []byte, out *blob) error { return out.put(req) }

// rig is a server that is being served in memory.
type rig struct {
	t      testing.TB
	net    *linktest.Network
	l      link.Listener
	s      *service.Server[[]byte, blob, blobs]
	served chan error // what Serve returned
}

const rigName = "rig"

// newRig starts a server. Its end is the test's, unless the test ends it before.
func newRig(t testing.TB, cfg service.ServerConfig, h blobHandler) *rig {
	return newRigOn(t, linktest.ListenConfig{}, nil, cfg, h)
}

// newRigOn is newRig with a transport configured and, unless wrap is nil, wrapped.
func newRigOn(t testing.TB, lc linktest.ListenConfig, wrap func(link.Listener) link.Listener, cfg service.ServerConfig, h blobHandler) *rig {
	t.Helper()
	r := &rig{t: t, net: linktest.NewNetwork(), served: make(chan error, 1)}
	var err error
	if r.l, err = r.net.Listen(rigName, lc); err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		r.l = wrap(r.l)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r.s = service.NewServer[blobs](r.l, cfg, h)
	go func() { r.served <- r.s.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := r.s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := linktest.Await(t, "Serve to return", r.served); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// dial opens a session.
func (r *rig) dial(p link.Proposal) (link.Conn, error) {
	if p.RequestPayload == 0 {
		p.RequestPayload = 4096
	}
	return r.net.Dialer(rigName).Dial(r.t.Context(), p)
}

// mustDial opens a session that ends with the test.
func (r *rig) mustDial(p link.Proposal) link.Conn {
	r.t.Helper()
	c, err := r.dial(p)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

// silent connects and never says anything.
func (r *rig) silent() link.Packets {
	r.t.Helper()
	p, err := r.net.Connect(rigName)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { p.Close() })
	return p
}

func blobRequest(id uint64) wire.Header {
	return wire.Header{Kind: wire.KindRequest, Code: uint16(blobCode), ItemCount: 1, MessageID: id}
}

func sendBlob(c link.Conn, h wire.Header, payload []byte) error {
	b, err := c.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(b, payload)
	return c.Commit(h, len(payload), nil)
}

// ask sends a request and returns the answer.
func ask(c link.Conn, h wire.Header, payload []byte) (wire.Header, []byte, error) {
	if err := sendBlob(c, h, payload); err != nil {
		return wire.Header{}, nil, err
	}
	return hear(c)
}

func hear(c link.Conn) (wire.Header, []byte, error) {
	var m link.Message
	err := c.Recv(&m, nil)
	return m.Header, m.Payload, err
}

// wantEcho checks that a session works.
func wantEcho(t testing.TB, c link.Conn, id uint64) {
	t.Helper()
	h, p, err := ask(c, blobRequest(id), []byte("hello"))
	if err != nil || h.Status != wire.StatusOK || h.MessageID != id || string(p) != "hello" {
		t.Fatalf("answer %+v %q, %v", h, p, err)
	}
}

// wantStatus checks that a request is answered with an error as such are (spec 15-m).
func wantStatus(t testing.TB, c link.Conn, h wire.Header, payload []byte, want wire.Status) {
	t.Helper()
	got, p, err := ask(c, h, payload)
	if err != nil {
		t.Fatalf("answer: %v, want status %v", err, want)
	}
	wantRefusal(t, got, p, h, want)
}

func wantRefusal(t testing.TB, got wire.Header, p []byte, req wire.Header, want wire.Status) {
	t.Helper()
	full := wire.Header{Kind: wire.KindResponse, Code: req.Code, Status: want, ItemCount: 1, MessageID: req.MessageID}
	if got != full || len(p) != 0 {
		t.Fatalf("answer %+v with %d bytes, want %+v with none", got, len(p), full)
	}
}

// wantEnd checks that the server has ended the session.
func wantEnd(t testing.TB, c link.Conn) {
	t.Helper()
	_, _, err := hear(c)
	if !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
		t.Fatalf("session not ended: %v", err)
	}
}

// wantRefused checks that a handshake was refused.
func wantRefused(t testing.TB, err error, want wire.Status) {
	t.Helper()
	var refused *link.RefusedError
	if !errors.As(err, &refused) || refused.Status != want {
		t.Fatalf("handshake: %v, want to be refused with %v", err, want)
	}
}

// bubble runs a test in virtual time: what waits, waits for nothing.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// soak makes the properties of a test be checked more often when that is asked for.
func soak(t *testing.T, checks int) {
	t.Helper()
	if os.Getenv("NETIPC_SOAK") != "1" {
		return
	}
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	f.Value.Set(strconv.Itoa(checks))
	t.Cleanup(func() { f.Value.Set(before) })
}

// settled waits until a server's sessions are n.
func (r *rig) settled(n int) {
	r.t.Helper()
	linktest.Eventually(r.t, "the number of sessions is right", func() bool { return r.s.Status().Sessions == n })
}
