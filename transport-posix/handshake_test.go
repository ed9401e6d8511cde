package posix

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func wantRefused(tb testing.TB, err error, words ...string) {
	tb.Helper()
	if !errors.Is(err, link.ErrRefused) {
		tb.Fatalf("error %v, want a refusal", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			tb.Errorf("error %q does not say %q", err, w)
		}
	}
}

// shake runs a handshake and returns what both sides got.
func shake(tb testing.TB, l *Listener, d *Dialer, p link.Proposal, s link.Settings) (dialed, shook error) {
	tb.Helper()
	result := make(chan error, 1)
	go func() {
		c, err := d.Dial(context.Background(), p)
		if err == nil {
			c.Close()
		}
		result <- err
	}()
	in, err := l.Accept(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	c, shook := in.Handshake(tb.Context(), s)
	if shook == nil {
		c.Close()
	}
	return linktest.Await(tb, "Dial", result), shook
}

func TestRefusalsSayWhy(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	d := dialing(t, cfg)
	for _, c := range []struct {
		p     link.Proposal
		s     link.Settings
		words []string
	}{
		{link.Proposal{AuthToken: 1}, link.Settings{AuthToken: 2}, []string{"AUTH_FAILED", "token"}},
		{link.Proposal{RequestPayload: 2000}, link.Settings{RequestPayload: 1000}, []string{"LIMIT_EXCEEDED", "2000", "1000"}},
		{link.Proposal{Packet: 32}, link.Settings{}, []string{"INCOMPATIBLE", "32"}},
		{link.Proposal{Supported: wire.ProfileSHMHybrid}, link.Settings{}, []string{"UNSUPPORTED", "baseline"}},
	} {
		dialed, shook := shake(t, l, d, c.p, c.s)
		wantRefused(t, shook, append(c.words, "handshake "+cfg.socket())...)
		wantRefused(t, dialed, c.words[0], "dial "+cfg.socket())
	}
}

// A peer may offer what this transport cannot do: it gets what both can.
func TestProfilesAreMasked(t *testing.T) {
	all := wire.ProfileBaseline | wire.ProfileSHMFutex | 1<<16
	client, server := sessionPair(t, link.Proposal{Supported: all, Preferred: all}, link.Settings{Supported: all, Preferred: all})
	for _, c := range []link.Conn{client, server} {
		if p := c.Info().Profile; p != wire.ProfileBaseline {
			t.Errorf("profile %v", p)
		}
	}
}

// The uid decides, whatever is said; but whoever says nothing intelligible gets no answer.
func TestUIDPolicy(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg, AllowUIDs: []uint32{4_000_000_000}})
	good := link.AppendHello(nil, link.Proposal{}.WithDefaults(wire.ProfileBaseline, 1000))
	bad := append([]byte(nil), good...)
	bad[wire.HeaderSize+2] = 1 // flags
	for name, packet := range map[string][]byte{"a good HELLO": good, "a bad HELLO": bad, "garbage": []byte("GET / HTTP/1.0\r\n\r\n")} {
		c := connected(t, cfg)
		if err := c.WritePacket(packet, patience()); err != nil {
			t.Fatal(err)
		}
		_, err := accepted(t, l).Handshake(t.Context(), link.Settings{})
		out, _, read := c.ReadPacket(nil, 1000, patience())
		if name == "garbage" {
			if !errors.Is(err, link.ErrNotHello) || !errors.Is(read, link.ErrPeerClosed) {
				t.Errorf("%s: %v; the client got %q, %v", name, err, out, read)
			}
			continue
		}
		wantRefused(t, err, "AUTH_FAILED", "4000000000")
		if string(out) != string(link.AppendRefusal(nil, wire.StatusAuthFailed)) {
			t.Errorf("%s: the client got %x, %v", name, out, read)
		}
	}
	_, err := shake(t, l, dialing(t, cfg), link.Proposal{}, link.Settings{})
	wantRefused(t, err)
}

// The answer to a HELLO is not lost to a reset, whatever the client has sent behind it.
func TestRefusalArrives(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	for _, refuse := range []func(in *incoming) error{
		func(in *incoming) error { return in.Refuse(t.Context(), wire.StatusInternalError) },
		func(in *incoming) error {
			_, err := in.Handshake(t.Context(), link.Settings{AuthToken: 5})
			if errors.Is(err, link.ErrRefused) {
				return nil
			}
			return fmt.Errorf("handshake: %w", err)
		},
	} {
		c := connected(t, cfg)
		hello := link.AppendHello(nil, link.Proposal{}.WithDefaults(wire.ProfileBaseline, 1000))
		for range 5 {
			if err := c.WritePacket(hello, patience()); err != nil {
				t.Fatal(err)
			}
		}
		if err := refuse(accepted(t, l)); err != nil {
			t.Error(err)
		}
		var inbox sys.Inbox // a client that knows nothing of resets before answers
		b := make([]byte, link.MaxHandshakePacket)
		err := c.control(func(fd int) error {
			if n, errno := inbox.Recv(uintptr(fd), b, nil); errno != 0 || n != wire.HeaderSize+wire.HelloAckSize {
				return fmt.Errorf("the first thing received: %d bytes, %w", n, errno)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestIncomingHasOneEnd(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	c := connected(t, cfg)
	if err := c.WritePacket(link.AppendHello(nil, link.Proposal{}.WithDefaults(wire.ProfileBaseline, 1000)), patience()); err != nil {
		t.Fatal(err)
	}
	in := accepted(t, l)
	s, err := in.Handshake(t.Context(), link.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if _, err := in.Handshake(t.Context(), link.Settings{}); !errors.Is(err, link.ErrMisuse) {
		t.Errorf("handshake again: %v", err)
	}
	if err := in.Refuse(t.Context(), wire.StatusInternalError); !errors.Is(err, link.ErrMisuse) {
		t.Errorf("refuse after the handshake: %v", err)
	}
	if _, _, err := c.ReadPacket(nil, 1000, patience()); err != nil { // the session lives
		t.Error(err)
	}
}

// Clients that are silent, talk nonsense or leave hold up no good one.
func TestBadClientsHoldUpNobody(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	for i := range 120 {
		c := connected(t, cfg)
		switch i % 4 {
		case 0: // silent
		case 1:
			c.WritePacket([]byte(strings.Repeat("nonsense", i)), patience())
		case 2:
			c.WritePacket(nil, patience())
		case 3:
			c.abort()
		}
	}
	go serve(l, nil)
	wantEcho(t, dialed(t, cfg))
}
