package linktest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var messageTests = []subtest{
	{"Echo", anywhere, echoSizes},
	{"EveryHeaderField", anywhere, headerFields},
	{"Batches", anywhere, batches},
	{"BatchOfOne", anywhere, batchOfOne},
	{"ErrorAnswerWithBatchFlag", anywhere, errorAnswer},
	{"ManyThroughOneMessage", anywhere, manyMessages},
}

// echo answers each request with its own payload until the session ends, which the test's end sees to.
func echo(t testing.TB, c link.Conn) {
	ended := going(t, func() error {
		var m link.Message
		for {
			if err := c.Recv(&m, nil); err != nil {
				return err
			}
			if err := send(c, response(m.Header), m.Payload, nil); err != nil {
				return err
			}
		}
	})
	t.Cleanup(func() {
		c.Close()
		if err := Await(t, "the echo to end", ended); !errors.Is(err, link.ErrClosed) && !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
			t.Errorf("echo: %v", err)
		}
	})
}

// random returns n bytes that are the same in every run.
func random(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	seed[0] = byte(n)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// echoSizes sends payloads of every interesting size there and back, in packets of every interesting size.
func echoSizes(t *testing.T, h Harness) {
	const most = 64 << 10
	for _, packet := range []uint32{33, 34, 63, 64, 65, 100, 1000, 4096, 65536} {
		t.Run(fmt.Sprintf("packet=%d", packet), func(t *testing.T) {
			p := h.openPackets(t, limits{request: most, response: most, packet: packet})
			echo(t, p.server)
			first, more := int(packet)-wire.HeaderSize, int(packet)-wire.ChunkHeaderSize
			sizes := []int{0, 1, 7, 8, 31, 32, 33, 64, 1000, 4096, first - 1, first, first + 1, first + more - 1,
				first + more, first + more + 1, first + 3*more, most - 1, most}
			for i, n := range sizes {
				if n > most {
					continue
				}
				want := random(n)
				mustSend(t, p.client, request(uint64(i)), want)
				m := mustRecv(t, p.client)
				if !bytes.Equal(m.Payload, want) || m.Header != (wire.Header{
					Kind: wire.KindResponse, Code: 7, ItemCount: 1, MessageID: uint64(i), PayloadLen: uint32(n),
				}) {
					t.Fatalf("%d bytes came back as %d with header %+v", n, len(m.Payload), m.Header)
				}
			}
		})
	}
}

func headerFields(t *testing.T, h Harness) {
	p := h.open(t, limits{items: 16})
	for i, want := range []wire.Header{
		{Code: 0, ItemCount: 1},
		{Code: math.MaxUint16, ItemCount: 1, MessageID: math.MaxUint64},
		{Flags: 0xfffe, ItemCount: 0, MessageID: 1 << 63},
		{Status: wire.Status(math.MaxUint16), ItemCount: 16, MessageID: 5},
	} {
		want.Kind = wire.KindRequest
		mustSend(t, p.client, want, []byte{9})
		want.PayloadLen = 1
		if got := mustRecv(t, p.server).Header; got != want {
			t.Errorf("request %d: received %+v, want %+v", i, got, want)
		}
		want.Kind, want.PayloadLen = wire.KindResponse, 77 // Commit knows better
		mustSend(t, p.server, want, nil)
		want.PayloadLen = 0
		if got := mustRecv(t, p.client).Header; got != want {
			t.Errorf("response %d: received %+v, want %+v", i, got, want)
		}
	}
}

// manyMessages receives into one Message again and again, small after large: nothing of the old one is seen.
func manyMessages(t *testing.T, h Harness) {
	p := h.open(t, limits{request: 4096, response: 4096})
	echo(t, p.server)
	var m, other link.Message
	for i := range 200 {
		want := random(i * 37 % 4097)
		mustSend(t, p.client, request(uint64(i)), want)
		if err := p.client.Recv(&m, patience()); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			m.Swap(&other)
			if !bytes.Equal(other.Payload, want) {
				t.Fatalf("message %d: %d bytes after Swap, want %d", i, len(other.Payload), len(want))
			}
		} else if !bytes.Equal(m.Payload, want) {
			t.Fatalf("message %d: %d bytes, want %d", i, len(m.Payload), len(want))
		}
	}
}
