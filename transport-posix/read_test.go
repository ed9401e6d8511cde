package posix

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// Whatever room the caller's buffer has: the first room bytes arrive behind what it holds, the true size is
// told, and the buffer grows by what came, not by the room.
func TestReadPacketSizes(t *testing.T) {
	client, server := packetPair(t)
	for _, n := range []int{1, 31, 32, 33, 4095, 4096, 4097, 100_000, 200_000} {
		for _, held := range []int{0, 5} {
			for _, spare := range []int{0, 1, n - 1, n, n + 1, 300_000} {
				for _, room := range []int{1, n - 1, n, n + 1, 1 << 30} {
					if room == 0 || spare < 0 {
						continue
					}
					want := pattern(n)
					if err := client.WritePacket(want, patience()); err != nil {
						t.Fatal(err)
					}
					b := append(make([]byte, 0, held+spare), "held!"[:held]...)
					out, size, err := server.ReadPacket(b, room, patience())
					if err != nil || size != n {
						t.Fatalf("packet %d, spare %d, room %d: size %d, %v", n, spare, room, size, err)
					}
					if got := out[held:]; string(out[:held]) != "held!"[:held] || !bytes.Equal(got, want[:min(n, room)]) {
						t.Fatalf("packet %d, spare %d, room %d: %d other bytes", n, spare, room, len(got))
					}
					if spare < n && cap(out) > 2*(held+n)+64 {
						t.Errorf("packet %d, spare %d, room %d: the buffer has grown to %d", n, spare, room, cap(out))
					}
				}
			}
		}
	}
}

// A packet beyond what was agreed and beyond what is usual is a violation, and not a short packet.
func TestHugePacketIsAViolation(t *testing.T) {
	client, server := packetPair(t)
	const n = usualPacket + 1
	client.agree(n)
	if err := client.WritePacket(make([]byte, n), patience()); errors.Is(err, syscall.EMSGSIZE) {
		t.Skip("the system gives no send buffer that large")
	} else if err != nil {
		t.Fatal(err)
	}
	_, size, err := server.ReadPacket(nil, 1<<20, patience())
	if !errors.Is(err, link.ErrProtocol) || size != n {
		t.Errorf("size %d, error %v; want %d and a violation", size, err, n)
	}
	server.agree(n) // the same packet, agreed
	if err := client.WritePacket(make([]byte, n), patience()); err != nil {
		t.Fatal(err)
	}
	if out, _, err := server.ReadPacket(nil, 1<<20, patience()); err != nil || len(out) != n {
		t.Errorf("%d bytes, %v; want %d", len(out), err, n)
	}
}

func TestEmptyPacketIsNotTheEnd(t *testing.T) {
	client, server := packetPair(t)
	if err := client.WritePacket(nil, patience()); err != nil {
		t.Fatal(err)
	}
	out, size, err := server.ReadPacket(nil, 100, patience())
	if err != nil || size != 0 || len(out) != 0 {
		t.Errorf("%d bytes of %d, %v; want an empty packet", len(out), size, err)
	}
}

// The kernel reports a reset once, before it hands out what is queued; whoever meets it first.
func TestQueuedBeforeReset(t *testing.T) {
	for _, first := range []string{"reader", "writer"} {
		t.Run(first, func(t *testing.T) {
			client, server := packetPair(t)
			for _, s := range []string{"one", "two"} {
				if err := server.WritePacket([]byte(s), patience()); err != nil {
					t.Fatal(err)
				}
			}
			if err := client.WritePacket([]byte("unread"), patience()); err != nil {
				t.Fatal(err)
			}
			server.abort()
			if first == "writer" {
				if err := client.WritePacket([]byte("x"), patience()); !errors.Is(err, link.ErrReset) {
					t.Errorf("write: %v, want a reset", err)
				}
			}
			for _, want := range []string{"one", "two"} {
				if out, _, err := client.ReadPacket(nil, 100, patience()); err != nil || string(out) != want {
					t.Fatalf("%q, %v; want %q, which was queued before the reset", out, err, want)
				}
			}
			for range 2 {
				if _, _, err := client.ReadPacket(nil, 100, patience()); !errors.Is(err, link.ErrReset) {
					t.Errorf("read: %v, want a reset", err)
				}
			}
		})
	}
}
