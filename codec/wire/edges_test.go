package wire_test

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// A directory may be bare, and shorter than its count says.
func TestBareDirectoryTooShort(t *testing.T) {
	for _, c := range []struct {
		size  int
		count uint32
	}{{0, 1}, {7, 1}, {8, 2}, {15, 2}, {100, 1<<32 - 1}} {
		if err := wire.CheckBatchDir(make([]byte, c.size), c.count, 1000); !errors.Is(err, codec.ErrTruncated) {
			t.Errorf("%d bytes for %d entries: %v, want %v", c.size, c.count, err, codec.ErrTruncated)
		}
	}
	if err := wire.CheckBatchDir(make([]byte, 16), 2, 0); err != nil {
		t.Errorf("16 bytes for 2 entries: %v", err)
	}
}

// Ranging over items may end early.
func TestAllStops(t *testing.T) {
	v, err := wire.DecodeBatch(make([]byte, 3*wire.BatchEntrySize), 3)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for i := range v.All() {
		if seen++; i == 1 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("%d items seen, want 2", seen)
	}
}

func TestIsBatch(t *testing.T) {
	for flags, want := range map[wire.Flags]bool{0: false, wire.FlagBatch: true, 0xffff: true, 0xfffe: false} {
		if h := (wire.Header{Flags: flags}); h.IsBatch() != want {
			t.Errorf("flags %#x: IsBatch is %v", flags, h.IsBatch())
		}
	}
}
