package posix

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// What was proposed by default goes through the socket; one byte more does not, and the error says so.
func TestLargestPacket(t *testing.T) {
	client, server := packetPair(t)
	size, err := client.packetSize(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	server.agree(size)
	if err := client.WritePacket(pattern(int(size)), patience()); err != nil {
		t.Fatal(err)
	}
	if out, _, err := server.ReadPacket(nil, int(size), patience()); err != nil || !bytes.Equal(out, pattern(int(size))) {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	err = client.WritePacket(make([]byte, size+1), patience())
	if !errors.Is(err, ErrPacketTooLarge) || !errors.Is(err, syscall.EMSGSIZE) || !strings.Contains(err.Error(), "SO_SNDBUF") {
		t.Errorf("error %v", err)
	}
	client.agree(size + 1000) // raises the buffer, where the system lets it
	if have, err := client.packetSize(0, 0); err != nil || have < size {
		t.Errorf("the send buffer holds %d afterwards, %v", have, err)
	}
}

func TestSendBufferIsConfigured(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg, SendBuffer: 32 << 10})
	d, err := NewDialer(DialConfig{Config: cfg, SendBuffer: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	client, server := linktest.Connect(t, l, d, link.Proposal{}, link.Settings{})
	for _, c := range []link.Conn{client, server} {
		if p := c.Info().Limits.Packet; p > 200_000 || p < 16<<10-packetOverhead {
			t.Errorf("packets of %d bytes", p)
		}
	}
}

// The agreed size may exceed what a side's socket has by default: it is raised.
func TestConfiguredPacketIsMadeToFit(t *testing.T) {
	const packet = 300_000
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg, Packet: packet})
	d, err := NewDialer(DialConfig{Config: cfg, Packet: packet})
	if err != nil {
		t.Fatal(err)
	}
	client, server := linktest.Connect(t, l, d, link.Proposal{RequestPayload: 1 << 20}, link.Settings{})
	if p := client.Info().Limits.Packet; p != packet {
		t.Fatalf("packets of %d bytes", p)
	}
	sent := make(chan error, 1)
	go func() {
		b, err := client.Reserve(1 << 20)
		if err == nil {
			copy(b, pattern(1<<20))
			err = client.Commit(wire.Header{Kind: wire.KindRequest, ItemCount: 1, MessageID: 1}, 1<<20, patience())
		}
		sent <- err
	}()
	var m link.Message
	if err := server.Recv(&m, patience()); err == nil && !bytes.Equal(m.Payload, pattern(1<<20)) {
		t.Error("the payload arrived changed")
	} else if err != nil {
		server.Close()
		t.Log(err)
	}
	if err := linktest.Await(t, "Commit", sent); err != nil && !errors.Is(err, ErrPacketTooLarge) {
		t.Error(err)
	}
}

// Close leaves nothing unread, so the peer gets what was sent to it, and then the end.
func TestCloseDoesNotReset(t *testing.T) {
	client, server := packetPair(t)
	for range 100 {
		if err := client.WritePacket([]byte("unread"), patience()); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.WritePacket([]byte("answer"), patience()); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if err := client.WritePacket([]byte("x"), patience()); !errors.Is(err, link.ErrReset) {
		t.Errorf("write: %v", err)
	}
	if out, _, err := client.ReadPacket(nil, 100, patience()); err != nil || string(out) != "answer" {
		t.Fatalf("%q, %v", out, err)
	}
	if _, _, err := client.ReadPacket(nil, 100, patience()); !errors.Is(err, link.ErrPeerClosed) {
		t.Errorf("read: %v, want the end", err)
	}
}

// The descriptor is there for somebody else's event loop.
func TestSyscallConn(t *testing.T) {
	client, server := sessionPair(t, link.Proposal{}, link.Settings{})
	raw, err := server.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	looking, readable := make(chan struct{}), make(chan error, 1)
	go func() {
		looks := 0
		readable <- raw.Read(func(uintptr) bool {
			if looks++; looks == 1 {
				close(looking)
			}
			return looks > 1
		})
	}()
	linktest.Await(t, "the event loop", looking)
	if _, err := client.Reserve(1); err != nil {
		t.Fatal(err)
	}
	if err := client.Commit(wire.Header{Kind: wire.KindRequest, ItemCount: 1}, 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := linktest.Await(t, "the descriptor to be readable", readable); err != nil {
		t.Fatal(err)
	}
	if err := server.Recv(new(link.Message), patience()); err != nil {
		t.Fatal(err)
	}
}
