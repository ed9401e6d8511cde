package wire_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Every field of a value has any number that its decoder accepts.
var (
	headers = rapid.Custom(func(t *rapid.T) wire.Header {
		h := rapid.Make[wire.Header]().Draw(t, "header")
		h.Kind = rapid.SampledFrom([]wire.Kind{wire.KindRequest, wire.KindResponse, wire.KindControl}).Draw(t, "kind")
		return h
	})
	chunks = rapid.Custom(func(t *rapid.T) wire.ChunkHeader {
		c := rapid.Make[wire.ChunkHeader]().Draw(t, "chunk header")
		c.PayloadLen = rapid.Uint32Min(1).Draw(t, "payload length")
		return c
	})
	hellos = rapid.Make[wire.Hello]()
	acks   = rapid.Custom(func(t *rapid.T) wire.HelloAck {
		a := rapid.Make[wire.HelloAck]().Draw(t, "ack")
		a.NoSessionID = false
		return a
	})
)

// roundTrip: decode(encode(v)) == v, whatever the buffer held and whatever follows; and encoding that again
// gives the same bytes.
func roundTrip[V any](values *rapid.Generator[V], size int, put func(*V, []byte), decode func([]byte) (V, error)) func(*testing.T) {
	return rapid.MakeCheck(func(t *rapid.T) {
		v := values.Draw(t, "value")
		b := append(dirty(size), rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "trailing")...)
		put(&v, b)
		got, err := decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Fatalf("-encoded +decoded:\n%s", diff)
		}
		again := make([]byte, size)
		if put(&got, again); !bytes.Equal(again, b[:size]) {
			t.Fatalf("encoded\n%x, again\n%x", b[:size], again)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	t.Run("header", roundTrip(headers, wire.HeaderSize, (*wire.Header).Put, wire.DecodeHeader))
	t.Run("chunk header", roundTrip(chunks, wire.ChunkHeaderSize, (*wire.ChunkHeader).Put, wire.DecodeChunkHeader))
	t.Run("HELLO", roundTrip(hellos, wire.HelloSize, (*wire.Hello).Put, wire.DecodeHello))
	t.Run("HELLO_ACK", roundTrip(acks, wire.HelloAckSize, (*wire.HelloAck).Put, wire.DecodeHelloAck))
}

// Accepted bytes, however made, are those that encoding the value gives: the layouts have no slack, but for
// the padding of HELLO_ACK, which nobody judges.
func TestAcceptedIsCanonical(t *testing.T) {
	for _, l := range arbitrary {
		t.Run(l.name, rapid.MakeCheck(func(t *rapid.T) {
			b := l.valid(t)
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
			}
			l.judge(t, b)
		}))
	}
}
