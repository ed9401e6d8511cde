package ipasn_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/docs/examples/own-service/ipasn"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// One layout after the other: what is written is what is read.

func TestRequest(t *testing.T) {
	buf := make([]byte, 20)
	for _, a := range []string{"192.0.2.7", "2001:db8::1", "::"} {
		addr := netip.MustParseAddr(a)
		n, err := ipasn.EncodeRequest(buf, addr)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ipasn.DecodeRequest(buf[:n]); err != nil || got != addr {
			t.Errorf("%v came back as %v, %v", addr, got, err)
		}
		if _, err := ipasn.EncodeRequest(buf[:n-1], addr); !errors.Is(err, codec.ErrOverflow) {
			t.Errorf("one byte too little room: %v", err)
		}
		if _, err := ipasn.DecodeRequest(buf[:n-1]); !errors.Is(err, codec.ErrTruncated) {
			t.Errorf("one byte short: %v", err)
		}
	}
	for _, addr := range []netip.Addr{{}, netip.MustParseAddr("fe80::1%eth0")} {
		if _, err := ipasn.EncodeRequest(buf, addr); !errors.Is(err, codec.ErrBadLayout) {
			t.Errorf("%v: %v", addr, err)
		}
	}
	buf[2] = 1
	if _, err := ipasn.DecodeRequest(buf); !errors.Is(err, codec.ErrBadLayout) {
		t.Errorf("a flag: %v", err)
	}
}

// response builds one; what the buffer held before must not matter.
func response(t *testing.T, asn uint32, name string) []byte {
	t.Helper()
	buf := []byte(strings.Repeat("\xff", 64))
	var b ipasn.Builder
	if err := errors.Join(b.Reset(buf, nil), b.Set(asn, name)); err != nil {
		t.Fatal(err)
	}
	n, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func TestResponse(t *testing.T) {
	for _, name := range []string{"", "Example"} {
		b := response(t, 64496, name)
		v, err := ipasn.DecodeResponse(b)
		if err != nil || v.ASN() != 64496 || !v.Name().Equal(name) {
			t.Errorf("%q came back as %d %q, %v", name, v.ASN(), v.Name().String(), err)
		}
		for n := range b {
			if _, err := ipasn.DecodeResponse(b[:n]); err == nil {
				t.Errorf("%d of %d bytes are accepted", n, len(b))
			}
		}
	}
}

func TestBadResponses(t *testing.T) {
	const name, offset, length = 16, 8, 12
	u32 := func(off int, v uint32) func([]byte) {
		return func(b []byte) { binary.NativeEndian.PutUint32(b[off:], v) }
	}
	for _, tt := range []struct {
		what, field string
		spoil       func([]byte)
		want        error
	}{
		{"another version", "layout_version", func(b []byte) { b[0] ^= 3; b[1] ^= 3 }, codec.ErrBadLayout},
		{"a flag", "flags", func(b []byte) { b[3] = 1 }, codec.ErrBadLayout},
		{"name in the fixed part", "name_offset", u32(offset, name-1), codec.ErrOutOfBounds},
		{"name beyond the end", "name_length", u32(offset, math.MaxUint32), codec.ErrOutOfBounds},
		{"no room for the NUL", "name_length", u32(length, 4), codec.ErrOutOfBounds},
		{"a length that wraps around", "name_length", u32(length, math.MaxUint32-name+1), codec.ErrOutOfBounds},
		{"no NUL", "name", func(b []byte) { b[name+3] = 'x' }, codec.ErrMissingNUL},
		{"a NUL inside", "name", func(b []byte) { b[name+1] = 0 }, codec.ErrInteriorNUL},
	} {
		b := response(t, 1, "abc")
		tt.spoil(b)
		_, err := ipasn.DecodeResponse(b)
		e, ok := errors.AsType[*codec.Error](err)
		if !errors.Is(err, tt.want) || !ok || e.Field != tt.field {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}

func TestBuilder(t *testing.T) {
	refuse := errors.New("no more")
	var asked int
	grow := func(n int) ([]byte, error) {
		asked = n
		if n > 100 {
			return nil, refuse
		}
		return make([]byte, n), nil
	}
	var b ipasn.Builder
	if err := b.Reset(nil, grow); err != nil || asked != 17 {
		t.Fatalf("grown to %d: %v", asked, err)
	}
	err := b.Set(1, strings.Repeat("x", 100))
	if !errors.Is(err, codec.ErrOverflow) || !errors.Is(err, refuse) {
		t.Errorf("too long: %v", err)
	}
	if again := b.Set(1, "x"); again != err {
		t.Errorf("the error did not last: %v", again)
	}
	if _, again := b.Finish(); again != err {
		t.Errorf("finished in spite of it: %v", again)
	}
	if err := b.Reset(make([]byte, 16), nil); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("no room: %v", err)
	}
	if err := b.Reset(make([]byte, 99), nil); err != nil {
		t.Error(err)
	}
	if err := b.Set(1, "a\x00b"); !errors.Is(err, codec.ErrInteriorNUL) {
		t.Errorf("a NUL in the name: %v", err)
	}
}

// And the service as a whole, without an operating system: servicetest makes the transport fail as it is told.

var addr = netip.MustParseAddr("192.0.2.7")

// serve starts a provider and returns a client that is not connected yet.
func serve(t *testing.T, h ipasn.Handler) (*servicetest.Endpoint, *ipasn.Client) {
	t.Helper()
	e := servicetest.NewEndpoint()
	cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}
	servicetest.Serve(t, ipasn.NewServer(e.MustListen(t), cfg, h))
	c := ipasn.NewClient(e.Dialer(), service.Config{})
	t.Cleanup(func() { c.Close() })
	return e, c
}

func good(_ context.Context, _ netip.Addr, out *ipasn.Builder) error {
	return out.Set(64496, "Example")
}

func check(t *testing.T, c *ipasn.Client) {
	t.Helper()
	asn, name, err := c.Lookup(t.Context(), addr)
	if err != nil || asn != 64496 || name != "Example" {
		t.Errorf("%d %q, %v", asn, name, err)
	}
}

func connect(t *testing.T, c *ipasn.Client) {
	t.Helper()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestProviderIsLate(t *testing.T) {
	e, c := serve(t, good)
	e.FailDials(1, nil)
	if _, err := c.Refresh(t.Context()); !errors.Is(err, link.ErrNotFound) || c.Status().State != service.StateNotFound {
		t.Errorf("%v, %v", c.Status().State, err)
	}
	if _, _, err := c.Lookup(t.Context(), addr); !errors.Is(err, service.ErrNotReady) {
		t.Errorf("a call without a session: %v", err)
	}
	connect(t, c)
	check(t, c)
}

func TestProviderRefuses(t *testing.T) {
	e, c := serve(t, good)
	e.RefuseDials(1, wire.StatusAuthFailed)
	if _, err := c.Refresh(t.Context()); !errors.Is(err, link.ErrRefused) || c.Status().State != service.StateAuthFailed {
		t.Errorf("%v, %v", c.Status().State, err)
	}
}

// A session that breaks under a call is replaced, and the request sent again: the caller does not notice.
func TestSessionBreaks(t *testing.T) {
	e, c := serve(t, good)
	e.BreakAfter(1)
	connect(t, c)
	check(t, c)
	check(t, c)
	if s := c.Status(); s.Retries != 1 || s.Reconnects != 1 {
		t.Errorf("%d requests sent again, %d reconnects", s.Retries, s.Reconnects)
	}
}

// An answer that makes no sense ends its session, and the client asks once more; if the second answer is no better
// the caller learns it. Nobody gets a view of nonsense.
func TestNonsense(t *testing.T) {
	e, c := serve(t, good)
	connect(t, c)
	e.Garble(2)
	if _, _, err := c.Lookup(t.Context(), addr); !errors.Is(err, service.ErrMalformed) {
		t.Errorf("nonsense twice: %v", err)
	}
	connect(t, c)
	check(t, c)
}

func TestHandlerFails(t *testing.T) {
	_, c := serve(t, func(context.Context, netip.Addr, *ipasn.Builder) error { return errors.New("no database") })
	connect(t, c)
	_, _, err := c.Lookup(t.Context(), addr)
	if e, ok := errors.AsType[*service.StatusError](err); !ok || e.Status != wire.StatusInternalError {
		t.Errorf("a handler that fails: %v", err)
	}
}

// A caller that leaves disturbs no other: the session goes on.
func TestCallerLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e, c := serve(t, func(ctx context.Context, a netip.Addr, out *ipasn.Builder) error {
		cancel() // the request is here, its answer is held back
		return good(ctx, a, out)
	})
	connect(t, c)
	release := e.Hold()
	if _, _, err := c.Lookup(ctx, addr); !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose context ended: %v", err)
	}
	release()
	check(t, c)
	if n := c.Status().Reconnects; n != 0 {
		t.Errorf("%d reconnects", n)
	}
}

// An answer that is larger than agreed makes client and server agree on more.
func TestLimitsGrow(t *testing.T) {
	long := strings.Repeat("x", 2*link.DefaultResponseCeiling)
	_, c := serve(t, func(_ context.Context, _ netip.Addr, out *ipasn.Builder) error { return out.Set(1, long) })
	connect(t, c)
	if _, name, err := c.Lookup(t.Context(), addr); err != nil || name != long {
		t.Errorf("%d bytes, %v", len(name), err)
	}
}

// Nothing is allocated for a request, an answer or a view.
func TestNoAllocations(t *testing.T) {
	buf := make([]byte, 64)
	var b ipasn.Builder
	if n := testing.AllocsPerRun(100, func() {
		n, err := ipasn.EncodeRequest(buf, addr)
		if _, err2 := ipasn.DecodeRequest(buf[:n]); err != nil || err2 != nil {
			t.Error(err, err2)
		}
		if b.Reset(buf, nil) != nil || b.Set(1, "x") != nil {
			t.Error("not built")
		}
		n, _ = b.Finish()
		if _, err := ipasn.DecodeResponse(buf[:n]); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
