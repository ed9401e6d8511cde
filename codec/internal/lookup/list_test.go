package lookup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

var errOdd = errors.New("odd length")

// even accepts items whose length is even.
func even(item []byte) (field string, err error) {
	if len(item)%2 != 0 {
		return "item", errOdd
	}
	return "", nil
}

// pack returns a payload with these items.
func pack(generation uint64, items ...string) []byte {
	b := bytes.Repeat([]byte{0xaa}, 1024)
	p := NewPacker(b, len(items))
	for _, it := range items {
		copy(p.Place(uint64(len(it))), it)
	}
	return b[:p.Header(generation)]
}

func TestPackAndOpen(t *testing.T) {
	b := pack(1<<63|7, "four", "", "twelve bytes")
	if len(b) != 16+3*8+8+12 {
		t.Fatalf("%d bytes", len(b))
	}
	if !bytes.Equal(b[40:48], []byte("four\x00\x00\x00\x00")) {
		t.Errorf("the gap was not cleared: %q", b[40:48])
	}
	l, generation, err := OpenResponse("test", b, never, even)
	if err != nil || l.Len() != 3 || generation != 1<<63|7 || string(l.Packed()) != string(b[40:]) {
		t.Fatalf("%d items, generation %d, %v", l.Len(), generation, err)
	}
	for i, want := range []string{"four", "", "twelve bytes"} {
		it := l.Item(i)
		if off, end := l.Span(i); string(it) != want || string(l.Packed()[off:end]) != want || cap(it) != len(it) {
			t.Errorf("item %d is %q, %d to %d", i, it, off, end)
		}
	}
	if _, err := OpenRequest("test", b, even); !errors.Is(err, codec.ErrBadLayout) {
		t.Errorf("a request with a generation: %v", err)
	}
	if l, err := OpenRequest("test", pack(0, "", "ab"), even); err != nil || l.Len() != 2 {
		t.Errorf("a request of %d items, %v", l.Len(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	ne := binary.NativeEndian
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		want   error
		item   int
		field  string
	}{
		{"15 bytes", func(b []byte) []byte { return b[:15] }, codec.ErrTruncated, -1, ""},
		{"version", func(b []byte) []byte { ne.PutUint16(b, 2); return b }, codec.ErrBadLayout, -1, "layout_version"},
		{"flags", func(b []byte) []byte { ne.PutUint16(b[2:], 0x100); return b }, codec.ErrBadLayout, -1, "flags"},
		{"half a directory", func(b []byte) []byte { return b[:31] }, codec.ErrTruncated, -1, "directory"},
		{"count", func(b []byte) []byte { ne.PutUint32(b[4:], math.MaxUint32); return b }, codec.ErrTruncated, -1, "directory"},
		{"misaligned", func(b []byte) []byte { ne.PutUint32(b[24:], 12); return b }, codec.ErrBadAlignment, 1, "offset"},
		{"overlap", func(b []byte) []byte { ne.PutUint32(b[20:], 10); return b }, codec.ErrBadLayout, 1, "offset"},
		{"swapped", func(b []byte) []byte {
			ne.PutUint32(b[16:], 8)
			ne.PutUint32(b[20:], 2)
			ne.PutUint32(b[24:], 0)
			return b
		}, codec.ErrBadLayout, 1, "offset"},
		{"missing byte", func(b []byte) []byte { return b[:len(b)-1] }, codec.ErrOutOfBounds, 1, "length"},
		{"length", func(b []byte) []byte { ne.PutUint32(b[28:], math.MaxUint32); return b }, codec.ErrOutOfBounds, 1, "length"},
		{"item", func(b []byte) []byte { ne.PutUint32(b[20:], 3); return b }, errOdd, 0, "item"},
	} {
		b := c.change(pack(0, "four", "ab"))
		l, generation, err := OpenResponse("test", b, never, even)
		var e *codec.Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Item != c.item || e.Field != c.field || e.Layout != "test" {
			t.Errorf("%s: %v", c.name, err)
		}
		if l.Len() != 0 || generation != 0 {
			t.Errorf("%s: an error and a list", c.name)
		}
		if l, err := OpenRequest("test", b, even); !errors.Is(err, c.want) || l.Len() != 0 {
			t.Errorf("%s: request: %v", c.name, err)
		}
	}
}

func TestBeyondLen(t *testing.T) {
	l, err := OpenRequest("test", pack(0, "four", "ab"), even)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 2, 16, math.MaxInt, math.MaxInt/EntrySize + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("item %d of 2 was given out", i)
				}
			}()
			l.Item(i)
		}()
	}
}

// TestAnswered: the answered items are those before the first that is not, whatever their number; and of a payload that
// is no good it says something, and touches nothing outside of it.
func TestAnswered(t *testing.T) {
	const exceeded, oversized = 2, 3
	for n := range 20 {
		for answered := range n + 1 {
			items := make([]string, n)
			for i := range items {
				items[i] = "v\x00\x00\x00more"
				if i >= answered {
					items[i] = string(binary.NativeEndian.AppendUint16([]byte("v\x00"), exceeded))
				}
			}
			b := pack(7, items...)
			if all, got := Answered(b, 2, exceeded, oversized); all != n || got != answered {
				t.Fatalf("%d of %d items, want %d of %d", got, all, answered, n)
			}
			for end := range b {
				if all, got := Answered(b[:end:end], 2, exceeded, oversized); got < 0 || got > all || all > n {
					t.Fatalf("%d of %d items in the first %d bytes", got, all, end)
				}
			}
			for at := range b {
				wrong := bytes.Clone(b)
				wrong[at] ^= 0xff
				if all, got := Answered(wrong, 2, exceeded, oversized); got < 0 || got > all {
					t.Fatalf("%d of %d items with byte %d wrong", got, all, at)
				}
			}
		}
	}
	large := string(binary.NativeEndian.AppendUint16([]byte("v\x00"), oversized))
	for want, items := range [][]string{{large, "v\x00\x00\x00"}, {large}, {"v\x00\x00\x00", large}} {
		if all, got := Answered(pack(7, items...), 2, exceeded, oversized); all != len(items) || got != want {
			t.Errorf("%q: %d of %d, want %d", items, got, all, want)
		}
	}
}
