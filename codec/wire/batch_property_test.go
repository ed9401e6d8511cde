package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// naive builds a batch the obvious way: directory and packed area apart, then one after the other.
func naive(items [][]byte) []byte {
	dir, packed := []byte{}, []byte{}
	for _, item := range items {
		dir = binary.NativeEndian.AppendUint32(dir, uint32(len(packed)))
		dir = binary.NativeEndian.AppendUint32(dir, uint32(len(item)))
		packed = append(packed, item...)
		for len(packed)%wire.BatchAlign != 0 {
			packed = append(packed, 0)
		}
	}
	return append(dir, packed...)
}

var batchItems = rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 0, 12)

// The builder, in a dirty buffer that is sometimes too small, takes a prefix of the items and writes what the
// naive model writes for that prefix. It refuses an item only if the naive payload with it does not fit beside
// the directory that was asked for, and touches nothing behind its buffer.
func TestBatchBuilderIsTheNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := batchItems.Draw(t, "items")
		spare := rapid.IntRange(0, 3).Draw(t, "spare entries")
		max := len(want) + spare
		full := len(naive(want)) + spare*wire.BatchEntrySize
		size := max * wire.BatchEntrySize
		size += rapid.OneOf(rapid.Just(full-size), rapid.IntRange(0, full-size)).Draw(t, "packed area")
		size += rapid.IntRange(0, 9).Draw(t, "surplus")
		whole := dirty(size + 16)
		buf := whole[:size:size]

		var b wire.BatchBuilder
		if err := b.Reset(buf, max); err != nil {
			t.Fatal(err)
		}
		taken := 0
		for _, item := range want {
			err := add(t, &b, item)
			if err == nil {
				taken++
				continue
			}
			if !errors.Is(err, codec.ErrOverflow) {
				t.Fatal(err)
			}
			break
		}
		if taken < len(want) && fits(want[:taken+1], max, size) {
			t.Fatalf("item %d was refused although it fits %d bytes", taken, size)
		}
		n := b.Finish()
		if b.Len() != taken || b.Finish() != n {
			t.Fatalf("%d items and %d bytes, then %d and %d", taken, n, b.Len(), b.Finish())
		}
		if n > size {
			t.Fatalf("reports %d bytes in a buffer of %d", n, size)
		}
		if diff := cmp.Diff(naive(want[:taken]), bytes.Clone(buf[:n])); diff != "" {
			t.Fatalf("-naive +builder:\n%s", diff)
		}
		if !bytes.Equal(whole[size:], dirty(16)) {
			t.Fatal("wrote behind the buffer")
		}
	})
}

// add takes an item by one of the two ways.
func add(t *rapid.T, b *wire.BatchBuilder, item []byte) error {
	if rapid.Bool().Draw(t, "copy") {
		return b.Add(item)
	}
	room, err := b.Next()
	if err != nil {
		return err
	}
	for i := range room { // a handler may scribble all over what it was lent
		room[i] = 0xbb
	}
	if len(item) > len(room) {
		return b.Done(len(item))
	}
	copy(room, item)
	return b.Done(len(item))
}

// A builder whose buffer is made just as long as Need says, whenever it must be, writes what the naive model
// writes, and at the end has needed no more than that.
func TestBatchBuilderRebase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := batchItems.Draw(t, "items")
		buf := dirty(len(want) * wire.BatchEntrySize)
		var b wire.BatchBuilder
		if err := b.Reset(buf, len(want)); err != nil {
			t.Fatal(err)
		}
		for _, item := range want {
			need := b.Need(len(item))
			if need > len(buf) {
				if err := b.Add(item); !errors.Is(err, codec.ErrOverflow) && len(item) > 0 {
					t.Fatalf("%d bytes are needed, %d were enough: %v", need, len(buf), err)
				}
				grown := append(bytes.Clone(buf), dirty(need-len(buf))...)
				clear(buf)
				b.Rebase(grown)
				buf = grown
			}
			if err := add(t, &b, item); err != nil {
				t.Fatal(err)
			}
		}
		n := b.Finish()
		if diff := cmp.Diff(naive(want), buf[:n]); diff != "" {
			t.Fatalf("-naive +builder:\n%s", diff)
		}
		if n != len(buf) {
			t.Fatalf("a payload of %d bytes needed a buffer of %d", n, len(buf))
		}
	})
}

// fits says what an item needs: its bytes behind the directory as it was asked for, and its padding once the
// directory has only the entries it needs.
func fits(items [][]byte, max, size int) bool {
	all := len(naive(items))
	last := len(items[len(items)-1])
	unpadded := all - (wire.BatchAlign-last%wire.BatchAlign)%wire.BatchAlign
	return all <= size && unpadded+(max-len(items))*wire.BatchEntrySize <= size
}

// decode(encode(v)) == v, and encode(decode(b)) == b.
func TestBatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := batchItems.Filter(func(v [][]byte) bool { return len(v) > 0 }).Draw(t, "items")
		b := naive(want)
		v, err := wire.DecodeBatch(b, uint32(len(want)))
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range v.All() {
			if !bytes.Equal(item, want[i]) {
				t.Fatalf("item %d: %x, want %x", i, item, want[i])
			}
		}
		if again := build(t, items(v), len(b)); !bytes.Equal(again, b) {
			t.Fatalf("encoded again:\n%x, was\n%x", again, b)
		}
	})
}

// The decoder agrees with the rules, spelled out anew, on any directory.
func TestBatchVerdictIsTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 4).Draw(t, "count")
		packed := rapid.IntRange(0, 40).Draw(t, "packed")
		near := rapid.OneOf(rapid.Uint32Range(0, 48), rapid.Uint32())
		var b []byte
		ok := count > 0
		for range count {
			off, length := near.Draw(t, "offset"), near.Draw(t, "length")
			b = binary.NativeEndian.AppendUint32(b, off)
			b = binary.NativeEndian.AppendUint32(b, length)
			ok = ok && off%8 == 0 && uint64(off)+uint64(length) <= uint64(packed)
		}
		b = append(b, make([]byte, packed)...)
		v, err := wire.DecodeBatch(b, uint32(count))
		if (err == nil) != ok {
			t.Fatalf("%d entries over %d bytes: %v, the rule says %v", count, packed, err, ok)
		}
		if ok && v.Len() != count {
			t.Fatalf("%d of %d items", v.Len(), count)
		}
	})
}
