package stringreverse_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

// Written down from spec 07.
const (
	goldenValue = "a\x00\xffz"
	goldenText  = `
		08 00 00 00    # offset
		04 00 00 00    # length
		61 00 ff 7a 00 # any bytes, NUL
	`
	emptyText = "08 00 00 00  00 00 00 00  00"
)

func TestGolden(t *testing.T) {
	for text, value := range map[string]string{goldenText: goldenValue, emptyText: ""} {
		want := golden.Bytes(t, text)
		for _, m := range messages {
			got, gotBytes := dirty(len(want)+1), dirty(len(want)+1)
			n, err := m.encode(got, value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got[:n]); diff != "" {
				t.Errorf("%s encoded (-specified +written):\n%s", m.name, diff)
			}
			if got[n] != 0xaa || n != stringreverse.Size(len(value)) {
				t.Errorf("%s: wrote %d bytes of %d, or behind them", m.name, n, stringreverse.Size(len(value)))
			}
			if _, err := m.encodeBytes(gotBytes, []byte(value)); err != nil || !cmp.Equal(got, gotBytes) {
				t.Errorf("%s of bytes: %x, %v", m.name, gotBytes, err)
			}
			if v, err := m.decode(want); err != nil || !v.Equal(value) {
				t.Errorf("%s decoded: %q, %v", m.name, v, err)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	ne := binary.NativeEndian
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		want   error
		field  string
	}{
		{"trailing bytes", func(b []byte) []byte { return append(b, 0xff) }, nil, ""},
		{"no bytes", func(b []byte) []byte { return nil }, codec.ErrTruncated, ""},
		{"7 bytes", func(b []byte) []byte { return b[:7] }, codec.ErrTruncated, ""},
		{"no room for the NUL", func(b []byte) []byte { return b[:12] }, codec.ErrOutOfBounds, "length"},
		{"offset before", func(b []byte) []byte { ne.PutUint32(b, 7); return b }, codec.ErrBadLayout, "offset"},
		{"offset behind", func(b []byte) []byte { ne.PutUint32(b, 9); return b }, codec.ErrBadLayout, "offset"},
		{"length that wraps", func(b []byte) []byte { ne.PutUint32(b[4:], math.MaxUint32-3); return b }, codec.ErrOutOfBounds, "length"},
		{"shorter, before a NUL", func(b []byte) []byte { ne.PutUint32(b[4:], 1); return b }, nil, ""},
		{"shorter", func(b []byte) []byte { ne.PutUint32(b[4:], 3); return b }, codec.ErrMissingNUL, "string"},
		{"no NUL", func(b []byte) []byte { b[12] = 1; return b }, codec.ErrMissingNUL, "string"},
	} {
		b := c.change(golden.Bytes(t, goldenText))
		for _, m := range messages {
			v, err := m.decode(b)
			if !errors.Is(err, c.want) {
				t.Errorf("%s of a %s: error %v, want %v", c.name, m.name, err, c.want)
			}
			var e *codec.Error
			if err != nil && (v.Len() != 0 || !errors.As(err, &e) || e.Field != c.field || e.Layout != "STRING_REVERSE "+m.name) {
				t.Errorf("%s of a %s: %q, %v", c.name, m.name, v, err)
			}
			if cap(v.Bytes()) != v.Len() {
				t.Errorf("%s of a %s: appending would write into the payload", c.name, m.name)
			}
		}
	}
}

func TestEncodeOverflow(t *testing.T) {
	for _, m := range messages {
		for n := range stringreverse.Size(len(goldenValue)) {
			if size, err := m.encode(dirty(n), goldenValue); !errors.Is(err, codec.ErrOverflow) || size != 0 {
				t.Errorf("%s in %d bytes: %d, %v", m.name, n, size, err)
			}
		}
	}
	if got := stringreverse.Size(math.MaxInt); got != min(math.MaxUint32, math.MaxInt) {
		t.Errorf("a string of %d bytes in %d", math.MaxInt, got)
	}
	if got := stringreverse.Size(-1); got != 9 {
		t.Errorf("a string of -1 bytes in %d", got)
	}
}
