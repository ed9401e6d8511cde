package cgroupsnapshot_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

func TestSetEncoded(t *testing.T) {
	for _, items := range []int{0, 1, 50} {
		s := many(items)
		payload := encode(t, &s)
		for _, room := range []int{0, len(payload) - 1, len(payload), len(payload) + 100} {
			var b cgroupsnapshot.Builder
			grow := func(n int) ([]byte, error) { return dirty(n), nil }
			if err := b.Reset(dirty(room), grow, 3); err != nil {
				t.Fatal(err)
			}
			if err := b.Add(1, 2, 3, "in", "vain"); err != nil {
				t.Fatal(err)
			}
			b.SetGeneration(99)
			if err := b.SetEncoded(payload); err != nil {
				t.Fatal(err)
			}
			if b.Bytes() != nil {
				t.Error("bytes before Finish")
			}
			n, err := b.Finish()
			if err != nil || n != len(payload) || !bytes.Equal(b.Bytes(), payload) || b.Len() != items {
				t.Errorf("%d items in %d bytes of room: %d bytes, %v", items, room, n, err)
			}
			if err := b.Add(1, 2, 3, "too", "late"); !errors.Is(err, codec.ErrBadCount) {
				t.Errorf("Add after SetEncoded: %v", err)
			}
		}
	}
}

func TestSetEncodedRefused(t *testing.T) {
	payload := encode(t, &cgroupsnapshot.Snapshot{})
	for name, c := range map[string]struct {
		payload []byte
		want    error
	}{
		"too short":    {payload[:len(payload)-1], codec.ErrTruncated},
		"nothing":      {nil, codec.ErrTruncated},
		"does not fit": {append(payload, payload...), codec.ErrOverflow},
	} {
		var b cgroupsnapshot.Builder
		if err := b.Reset(make([]byte, len(payload)), nil, 0); err != nil {
			t.Fatal(err)
		}
		if err := b.SetEncoded(c.payload); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := b.Finish(); !errors.Is(err, c.want) {
			t.Errorf("%s: Finish: %v, want %v", name, err, c.want)
		}
	}
}

func TestSetEncodedAllocatesNothing(t *testing.T) {
	s := many(50)
	payload := encode(t, &s)
	buf := make([]byte, len(payload))
	var b cgroupsnapshot.Builder
	if n := testing.AllocsPerRun(100, func() {
		must(t, b.Reset(buf, nil, 0) == nil && b.SetEncoded(payload) == nil)
		_, err := b.Finish()
		must(t, err == nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
