// Package lookuptest is what the tests of both lookups have in common: buffers in which mistakes show, and the
// canonical form of a list written the obvious way.
package lookuptest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Tester is what tests, benchmarks, fuzz targets and properties have in common.
type Tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Must fails a test that must not allocate while it is right.
func Must(tb testing.TB, ok bool) {
	if !ok {
		tb.Helper()
		tb.Fatal("wrong result")
	}
}

// Dirty returns n bytes that a test would see if an encoder left them.
func Dirty(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xaa
	}
	return b
}

// ErrSession is why what Growing returns gives no more.
var ErrSession = errors.New("agreed limit reached")

// Growing returns a Grow up to limit that scribbles over the buffer that died.
func Growing(buf *[]byte, limit int) codec.Grow {
	return func(n int) ([]byte, error) {
		if n > limit {
			return nil, ErrSession
		}
		grown := Dirty(n)
		copy(grown, *buf)
		for i := range *buf {
			(*buf)[i] = 0xdb
		}
		*buf = grown
		return grown, nil
	}
}

// versionAndFlags is the u16 1 and the u16 0, in host byte order.
var versionAndFlags = binary.NativeEndian.AppendUint16(binary.NativeEndian.AppendUint16(nil, 1), 0)

// List writes the canonical form of a request or an answer the obvious way: directory and items apart, then one after
// the other. last is the number that ends the header.
func List(last uint64, items [][]byte) []byte {
	ne := binary.NativeEndian
	var dir, packed []byte
	for _, it := range items {
		packed = pad(packed)
		dir = ne.AppendUint32(ne.AppendUint32(dir, uint32(len(packed))), uint32(len(it)))
		packed = append(packed, it...)
	}
	b := ne.AppendUint32(append([]byte{}, versionAndFlags...), uint32(len(items)))
	return append(append(ne.AppendUint64(b, last), dir...), packed...)
}

func pad(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// Labels appends labels to an item the obvious way.
func Labels(b []byte, labels []lookup.Label) []byte {
	if len(labels) == 0 {
		return b
	}
	b = pad(b)
	first := len(b) + 16*len(labels)
	var text []byte
	for _, l := range labels {
		for _, s := range []string{l.Key, l.Value} {
			b = binary.NativeEndian.AppendUint32(b, uint32(first+len(text)))
			b = binary.NativeEndian.AppendUint32(b, uint32(len(s)))
			text = append(append(text, s...), 0)
		}
	}
	return append(b, text...)
}

// Agree checks that usual takes neither b nor anything much like it that check refuses: with an end that is missing, a
// byte too many, a byte that is another, and two of its numbers, u32s from first up to end, that make up for each other.
func Agree(t Tester, b []byte, first, end int, usual lookup.Usual, check lookup.Check) {
	t.Helper()
	agrees := func(b []byte, what string) {
		t.Helper()
		if field, err := check(b); err != nil && usual(b) {
			t.Fatalf("%s of %x: the quick way takes it, and %s: %v", what, b, field, err)
		}
	}
	agrees(b, "all")
	for n := range b {
		agrees(b[:n:n], "a part")
	}
	agrees(append(b[:len(b):len(b)], 0), "one more")
	for at := range b { // every byte, a little and a lot
		for _, flip := range []byte{1, 2, 0x80, 0xff, b[at]} {
			b[at] ^= flip
			agrees(b, "a byte")
			b[at] ^= flip
		}
	}
	for at := first; at+4 <= end; at += 4 {
		for other := first; other+4 <= end; other += 4 {
			for _, n := range []uint32{1, ^uint32(0), 1 << 31} {
				wrong := bytes.Clone(b)
				add(wrong[at:], n)
				add(wrong[other:], -n)
				agrees(wrong, "two numbers")
			}
		}
	}
}

func add(b []byte, n uint32) { binary.NativeEndian.PutUint32(b, binary.NativeEndian.Uint32(b)+n) }
