package wire_test

import (
	"errors"
	"math"
	"math/bits"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var batchGolden = [][]byte{[]byte("abc"), {}, []byte("12345678"), []byte("z")}

const batchText = `
	00 00 00 00  03 00 00 00 # item 0: offset, length
	08 00 00 00  00 00 00 00
	08 00 00 00  08 00 00 00
	10 00 00 00  01 00 00 00
	61 62 63  00 00 00 00 00 # "abc", padding
	31 32 33 34 35 36 37 38
	7a  00 00 00 00 00 00 00 # the last item is padded too
`

func TestBatchGolden(t *testing.T) {
	want := golden.Bytes(t, batchText)
	for spare := range 4 {
		buf := dirty(len(want) + spare*wire.BatchEntrySize)
		var b wire.BatchBuilder
		if err := b.Reset(buf, len(batchGolden)+spare); err != nil {
			t.Fatal(err)
		}
		for _, item := range batchGolden {
			if err := b.Add(item); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, buf[:b.Finish()]); diff != "" {
			t.Errorf("%d spare entries (-specified +written):\n%s", spare, diff)
		}
	}
	v, err := wire.DecodeBatch(want, uint32(len(batchGolden)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(batchGolden, items(v)); diff != "" {
		t.Errorf("decoded (-specified +read):\n%s", diff)
	}
}

func items(v wire.BatchView) [][]byte {
	out := [][]byte{}
	for _, item := range v.All() {
		out = append(out, item)
	}
	return out
}

func TestBatchVerdicts(t *testing.T) {
	const packed = "61 62 63 64 65 66 67 68  69 6a 6b 6c 6d"
	for _, c := range []struct {
		name  string
		count uint32
		text  string
		want  error
	}{
		{"none", 0, packed, codec.ErrBadCount},
		{"one", 1, "00000000 0d000000" + packed, nil},
		{"no directory", 1, "00000000 0d0000", codec.ErrTruncated},
		{"count beyond the payload", math.MaxUint32, "00000000 00000000", codec.ErrTruncated},
		{"count that wraps in 32 bits", 1 << 29, "00000000 00000000", codec.ErrTruncated},
		{"misaligned", 1, "04000000 01000000" + packed, codec.ErrBadAlignment},
		{"past the end", 1, "08000000 06000000" + packed, codec.ErrOutOfBounds},
		{"end that wraps in 32 bits", 1, "08000000 ffffffff" + packed, codec.ErrOutOfBounds},
		{"missing tail padding", 1, "08000000 05000000" + packed, nil},
		{"out of order", 2, "08000000 05000000 00000000 08000000" + packed, nil},
		{"overlapping", 2, "00000000 0d000000 08000000 05000000" + packed, nil},
		{"repeated", 2, "08000000 01000000 08000000 01000000" + packed, nil},
		{"empty item at the very end", 1, "08000000 00000000" + packed[:24], nil},
		{"empty item beyond the end", 1, "10000000 00000000" + packed, codec.ErrOutOfBounds},
		{"second entry wrong", 2, "00000000 08000000 01000000 00000000" + packed, codec.ErrBadAlignment},
	} {
		_, err := wire.DecodeBatch(golden.Bytes(t, c.text), c.count)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
}

// An item beyond Len is the caller's mistake and must not read a neighbour's bytes.
func TestBatchItemPanicsBeyondLen(t *testing.T) {
	v, err := wire.DecodeBatch(golden.Bytes(t, batchText), 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 4, 1 << (bits.UintSize - 3), math.MaxInt} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("item %d of 4 was given out", i)
				}
			}()
			v.Item(i)
		}()
	}
	if item := v.Item(0); cap(item) != len(item) {
		t.Error("appending to an item would write into the next one")
	}
}

func TestBatchSize(t *testing.T) {
	for _, c := range []struct{ count, size, want int }{
		{0, 8, 0}, {1, 0, 8}, {3, 1, 48}, {2, 8, 32},
		{-1, 8, math.MaxInt}, {1, -1, math.MaxInt}, {2, math.MaxInt - 7, math.MaxInt}, {math.MaxInt, 8, math.MaxInt},
	} {
		if got := wire.BatchSize(c.count, c.size); got != c.want {
			t.Errorf("BatchSize(%d, %d) = %d, want %d", c.count, c.size, got, c.want)
		}
	}
}

// In every buffer, with any number of spare entries, the builder takes the items that fit with their padding.
func TestBatchBuilderTight(t *testing.T) {
	for spare := range 3 {
		max := len(batchGolden) + spare
		for size := max * wire.BatchEntrySize; size < 100; size++ {
			var b wire.BatchBuilder
			buf := dirty(size)
			if err := b.Reset(buf, max); err != nil {
				t.Fatal(err)
			}
			taken := 0
			for taken < len(batchGolden) && b.Add(batchGolden[taken]) == nil {
				taken++
			}
			want := 0
			for want < len(batchGolden) && fits(batchGolden[:want+1], max, size) {
				want++
			}
			if taken != want {
				t.Fatalf("%d spare entries, %d bytes: %d items, of which %d fit", spare, size, taken, want)
			}
			if diff := cmp.Diff(naive(batchGolden[:taken]), buf[:b.Finish()]); diff != "" {
				t.Fatalf("%d spare entries, %d bytes: -naive +builder:\n%s", spare, size, diff)
			}
		}
	}
}

func TestBatchBuilderMisuse(t *testing.T) {
	var b wire.BatchBuilder
	if _, err := b.Next(); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("Next before Reset: %v", err)
	}
	for _, n := range []int{-1, 3, math.MaxInt} {
		if err := b.Reset(make([]byte, 16), n); !errors.Is(err, codec.ErrOverflow) {
			t.Errorf("directory of %d in 16 bytes: %v", n, err)
		}
	}
	buf := dirty(64)
	if err := b.Reset(buf, 2); err != nil {
		t.Fatal(err)
	}
	if err := b.Done(0); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("Done without Next: %v", err)
	}
	room, err := b.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, len(room) + 1} {
		if err := b.Done(n); !errors.Is(err, codec.ErrOverflow) {
			t.Errorf("Done(%d) of %d: %v", n, len(room), err)
		}
		if _, err := b.Next(); err != nil {
			t.Fatalf("a refused item spoiled the builder: %v", err)
		}
	}
	n := b.Finish()
	if err := b.Done(8); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("Done after Finish: %v", err)
	}
	if _, err := b.Next(); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("Next after Finish: %v", err)
	}
	if n != 0 || b.Finish() != 0 || b.Len() != 0 {
		t.Errorf("an empty batch has %d bytes", n)
	}
}
