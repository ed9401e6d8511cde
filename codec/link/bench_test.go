package link_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func BenchmarkNegotiate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, status := link.Negotiate(fairHello, fairSettings); status != wire.StatusOK {
			b.Fatal(status)
		}
	}
}

// BenchmarkPackets cuts a message up and puts it together again, with nothing in between.
func BenchmarkPackets(b *testing.B) {
	for _, size := range []struct {
		payload int
		packet  uint32
	}{{8, 4096}, {1 << 16, 1 << 17}, {1 << 16, 4096}, {1 << 20, 4096}, {1 << 20, 1 << 17}} {
		b.Run(fmt.Sprintf("payload=%d/packet=%d", size.payload, size.packet), func(b *testing.B) {
			h := wire.Header{Kind: wire.KindRequest, PayloadLen: uint32(size.payload), ItemCount: 1, MessageID: 1}
			msg := append(encode(h), make([]byte, size.payload)...)
			re := link.NewReassembler(wire.KindRequest, withPacket(wide, size.packet))
			var m link.Message
			var split link.Splitter
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				h.Put(msg)
				split.Start(msg, 1, size.packet)
				for p := split.Next(); p != nil; p = split.Next() {
					to, room := re.Next()
					whole, err := re.Take(append(to, p[:min(room, len(p))]...), len(p))
					if err != nil {
						b.Fatal(err)
					}
					if whole {
						re.Move(&m)
					}
				}
				if len(m.Payload) != size.payload {
					b.Fatalf("%d bytes arrived", len(m.Payload))
				}
			}
		})
	}
}

func BenchmarkInFlight(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("outstanding=%d", n), func(b *testing.B) {
			table := link.NewInFlight(n)
			for id := range uint64(n - 1) {
				if err := table.Add(id); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := table.Add(1 << 40); err != nil || !table.Remove(1<<40) {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRoundTrip sends a request and receives its answer over the pipe in memory: what a Session costs,
// and two switches between goroutines.
func BenchmarkRoundTrip(b *testing.B) {
	for _, size := range []int{8, 4096} {
		b.Run(fmt.Sprintf("payload=%d", size), func(b *testing.B) {
			n := linktest.NewNetwork()
			l, err := n.Listen("x", linktest.ListenConfig{})
			if err != nil {
				b.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				ended <- linktest.Serve(context.Background(), l, link.Settings{}, func(_ context.Context, c link.Conn) error {
					var m link.Message
					for {
						if err := c.Recv(&m, nil); err != nil {
							return err
						}
						if err := linktest.Answer(c, m.Header, m.Payload); err != nil {
							return err
						}
					}
				})
			}()
			c, err := n.Dialer("x").Dial(context.Background(), link.Proposal{RequestPayload: 4096})
			if err != nil {
				b.Fatal(err)
			}
			h := wire.Header{Kind: wire.KindRequest, ItemCount: 1, MessageID: 1}
			var m link.Message
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Reserve(size); err != nil {
					b.Fatal(err)
				}
				if err := c.Commit(h, size, nil); err != nil {
					b.Fatal(err)
				}
				if err := c.Recv(&m, nil); err != nil || len(m.Payload) != size {
					b.Fatal(err)
				}
			}
			l.Close()
			c.Close()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		})
	}
}
