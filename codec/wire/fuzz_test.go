package wire_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// tester is what a fuzz target and a property have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// anyBytes says of one fixed layout what has to hold for any bytes: no panic, and what is accepted encodes to
// the bytes that it was read from.
type anyBytes struct {
	name  string
	valid func(t *rapid.T) []byte // draws bytes that the decoder accepts
	judge func(t tester, b []byte)
}

var arbitrary = []anyBytes{
	forAny("header", wire.HeaderSize, headers, wire.DecodeHeader, (*wire.Header).Put),
	forAny("chunk header", wire.ChunkHeaderSize, chunks, wire.DecodeChunkHeader, (*wire.ChunkHeader).Put),
	forAny("HELLO", wire.HelloSize, hellos, wire.DecodeHello, (*wire.Hello).Put),
	forAny("HELLO_ACK", wire.HelloAckSize, acks, wire.DecodeHelloAck, (*wire.HelloAck).Put),
}

func forAny[V comparable](name string, size int, values *rapid.Generator[V],
	decode func([]byte) (V, error), put func(*V, []byte)) anyBytes {
	valid := func(t *rapid.T) []byte {
		v, b := values.Draw(t, "value"), make([]byte, size)
		put(&v, b)
		return b
	}
	judge := func(t tester, b []byte) {
		t.Helper()
		before := bytes.Clone(b)
		v, err := decode(b)
		if !bytes.Equal(b, before) {
			t.Fatalf("decoding changed the bytes")
		}
		if err != nil {
			if v != *new(V) {
				t.Fatalf("an error and a value: %v, %v", err, v)
			}
			return
		}
		got := make([]byte, size)
		if put(&v, got); !bytes.Equal(got, canonical(name, b)[:size]) {
			t.Fatalf("accepted\n%x, encodes to\n%x", b, got)
		}
	}
	return anyBytes{name, valid, judge}
}

// canonical fills what a HELLO_ACK may lack or have wrong: the tail that the first draft had not, and padding.
func canonical(name string, b []byte) []byte {
	if name == "HELLO_ACK" {
		b = append(bytes.Clone(b), make([]byte, wire.HelloAckSize)...)
		clear(b[36:40])
	}
	return b
}

func fuzzFixed(f *testing.F, name string) {
	for _, l := range fixedLayouts {
		if l.name == name {
			f.Add(golden.Bytes(f, l.text))
		}
	}
	for _, l := range arbitrary {
		if l.name == name {
			f.Fuzz(func(t *testing.T, b []byte) { l.judge(t, b) })
		}
	}
}

func FuzzDecodeHeader(f *testing.F)      { fuzzFixed(f, "header") }
func FuzzDecodeChunkHeader(f *testing.F) { fuzzFixed(f, "chunk header") }
func FuzzDecodeHello(f *testing.F)       { fuzzFixed(f, "HELLO") }
func FuzzDecodeHelloAck(f *testing.F) {
	f.Add(golden.Bytes(f, ackText)[:36])
	fuzzFixed(f, "HELLO_ACK")
}

// FuzzDecodeBatch: every item of an accepted batch lies in the payload, and a batch built from them decodes to
// the same items.
func FuzzDecodeBatch(f *testing.F) {
	f.Add(golden.Bytes(f, batchText), uint32(4))
	f.Add(golden.Bytes(f, batchText), uint32(1))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, count uint32) {
		v, err := wire.DecodeBatch(slices.Clip(b), count) // so that an item beyond the end cannot be had
		if err != nil {
			return
		}
		if v.Len() != int(count) {
			t.Fatalf("%d items of %d", v.Len(), count)
		}
		size := 0
		for i := range v.Len() {
			size += wire.BatchSize(1, len(v.Item(i)))
		}
		if size > 1<<20 {
			return // items may overlap, so a small payload can hold a great many bytes
		}
		again, err := wire.DecodeBatch(build(t, items(v), size), count)
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Len() {
			if !bytes.Equal(v.Item(i), again.Item(i)) {
				t.Fatalf("item %d: %x became %x", i, v.Item(i), again.Item(i))
			}
		}
	})
}

// FuzzCheckBatchDir: every entry of an accepted directory is aligned and inside, whatever the numbers.
func FuzzCheckBatchDir(f *testing.F) {
	f.Add(golden.Bytes(f, batchText)[:32], uint32(4), uint32(24))
	f.Add([]byte{}, uint32(0), uint32(0))
	f.Fuzz(func(t *testing.T, dir []byte, count, packedLen uint32) {
		if wire.CheckBatchDir(dir, count, packedLen) != nil {
			return
		}
		for i := range int(count) {
			off, length := wire.BatchEntry(dir, i)
			if off%wire.BatchAlign != 0 || uint64(off)+uint64(length) > uint64(packedLen) {
				t.Fatalf("entry %d {%d, %d} was accepted for %d bytes", i, off, length, packedLen)
			}
		}
	})
}

// build returns the batch of items, whose size is known.
func build(t tester, items [][]byte, size int) []byte {
	t.Helper()
	var b wire.BatchBuilder
	buf := dirty(size)
	if err := b.Reset(buf, len(items)); err != nil {
		t.Fatalf("%v", err)
	}
	for _, item := range items {
		if err := b.Add(item); err != nil {
			t.Fatalf("%v", err)
		}
	}
	if n := b.Finish(); n != size {
		t.Fatalf("size %d, expected %d", n, size)
	}
	return buf
}
