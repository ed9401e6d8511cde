package wire_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// A builder whose buffer is replaced by a larger one whenever an item does not fit, in the middle of an item
// too, writes what it would have written with room enough.
func TestBatchBuilderRebaseInsideItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := batchItems.Draw(t, "items")
		spare := rapid.IntRange(0, 2).Draw(t, "spare entries")
		entries := len(want) + spare
		buf := dirty(entries*wire.BatchEntrySize + rapid.IntRange(0, 30).Draw(t, "room"))
		var b wire.BatchBuilder
		if err := b.Reset(buf, entries); err != nil {
			t.Fatal(err)
		}
		for _, item := range want {
			half := len(item) / 2
			room := roomFor(t, &b, &buf, half)
			copy(room, item[:half])
			room = roomFor(t, &b, &buf, len(item))
			if !bytes.Equal(room[:half], item[:half]) {
				t.Fatal("what was written of the item is lost")
			}
			copy(room[half:], item[half:])
			if err := b.Done(len(item)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(naive(want), bytes.Clone(buf[:b.Finish()])); diff != "" {
			t.Fatalf("-naive +builder:\n%s", diff)
		}
	})
}

// roomFor returns room for n bytes of the next item, in a buffer that is exactly as long as that takes if the
// one before is too short.
func roomFor(t *rapid.T, b *wire.BatchBuilder, buf *[]byte, n int) []byte {
	room, err := b.Next()
	if err == nil && len(room) >= n {
		return room
	}
	bigger := dirty(b.Need(n))
	if len(bigger) <= len(*buf) {
		t.Fatalf("%d bytes are said to be needed, %d are too few", len(bigger), len(*buf))
	}
	copy(bigger, *buf)
	*buf = bigger
	b.Rebase(bigger)
	if room, err = b.Next(); err != nil || len(room) < n {
		t.Fatalf("room for %d bytes where %d are needed, %v", len(room), n, err)
	}
	return room
}

func TestBatchBuilderNeedSaturates(t *testing.T) {
	var b wire.BatchBuilder
	if err := b.Reset(make([]byte, 80), 10); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]int{-1: 80, 0: 80, 1: 88, 8: 88, math.MaxInt: math.MaxInt, math.MaxInt - 90: math.MaxInt - 7} {
		if got := b.Need(n); got != want {
			t.Errorf("an item of %d bytes needs %d, want %d", n, got, want)
		}
	}
}
