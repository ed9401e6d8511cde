package posix

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

var sizes = []int{64, 1024, 16 << 10, 256 << 10, 1 << 20}

// BenchmarkRoundTrip is a request and its answer through sessions, both in this process, with the default
// deadline of a call.
func BenchmarkRoundTrip(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			client, server := sessionPair(b, link.Proposal{RequestPayload: 1 << 20}, link.Settings{ResponsePayload: 1 << 20})
			go echo(server)
			payload := string(pattern(size))
			var m link.Message
			var d link.Deadline
			b.SetBytes(int64(2 * size))
			b.ReportAllocs()
			for b.Loop() {
				d = link.Within(30 * time.Second)
				if err := call(client, 1, payload, &m, &d); err != nil || len(m.Payload) != size {
					b.Fatal(len(m.Payload), err)
				}
			}
		})
	}
}

// BenchmarkPacket is one packet through the kernel, written and read by the same goroutine: what this package
// and two system calls cost when nobody has to wait.
func BenchmarkPacket(b *testing.B) {
	for _, size := range []int{64, 1024, 16 << 10, 200_000} {
		for name, room := range map[string]int{"fits": size, "spills": 1 << 20} {
			b.Run(fmt.Sprintf("%dB/%s", size, name), func(b *testing.B) {
				client, server := packetPair(b)
				packet, buf := pattern(size), make([]byte, 0, size)
				d := link.Within(30 * time.Second)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if err := client.WritePacket(packet, &d); err != nil {
						b.Fatal(err)
					}
					if out, _, err := server.ReadPacket(buf, room, &d); err != nil || len(out) != size {
						b.Fatal(len(out), err)
					}
				}
			})
		}
	}
}

// BenchmarkDial is a whole session: connect, shake hands, close.
func BenchmarkDial(b *testing.B) {
	cfg := fresh(b)
	go serve(listening(b, ListenConfig{Config: cfg}), nil)
	d := dialing(b, cfg)
	b.ReportAllocs()
	for b.Loop() {
		c, err := d.Dial(context.Background(), link.Proposal{})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// BenchmarkListen is a server's start and end.
func BenchmarkListen(b *testing.B) {
	cfg := fresh(b)
	b.ReportAllocs()
	for b.Loop() {
		l, err := Listen(context.Background(), ListenConfig{Config: cfg})
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}
