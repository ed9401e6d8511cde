package wire_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Encoding, decoding and reading a view allocate nothing (spec 07).
func TestNoAllocations(t *testing.T) {
	buf := make([]byte, 256)
	batch := golden.Bytes(t, batchText)
	view, err := wire.DecodeBatch(batch, 4)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"header", func() {
			headerGolden.Put(buf)
			h, err := wire.DecodeHeader(buf)
			must(t, err == nil && h.MessageID == headerGolden.MessageID)
		}},
		{"peek", func() {
			p, ok := wire.PeekHeader(buf)
			must(t, ok && p.Version == wire.Version)
		}},
		{"chunk header", func() {
			chunkGolden.Put(buf)
			c, err := wire.DecodeChunkHeader(buf)
			must(t, err == nil && c.Index == chunkGolden.Index)
		}},
		{"HELLO", func() {
			helloGolden.Put(buf)
			h, err := wire.DecodeHello(buf)
			must(t, err == nil && h.PacketSize == helloGolden.PacketSize)
		}},
		{"HELLO_ACK", func() {
			ackGolden.Put(buf)
			a, err := wire.DecodeHelloAck(buf)
			must(t, err == nil && a.SessionID == ackGolden.SessionID)
		}},
		{"batch decode", func() {
			v, err := wire.DecodeBatch(batch, 4)
			must(t, err == nil && v.Len() == 4)
		}},
		{"batch view", func() {
			for i := range view.Len() {
				sum += len(view.Item(i))
			}
			for _, item := range view.All() {
				sum += len(item)
			}
		}},
		{"batch builder", func() {
			var b wire.BatchBuilder
			err := b.Reset(buf, 6)
			for _, item := range batchGolden {
				must(t, err == nil)
				err = b.Add(item)
			}
			must(t, err == nil && b.Finish() == len(batch))
		}},
	} {
		if n := testing.AllocsPerRun(100, c.f); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

func must(tb testing.TB, ok bool) {
	if !ok {
		tb.Helper()
		tb.Fatal("wrong result")
	}
}
