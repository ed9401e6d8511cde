package cgroupsnapshot_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

func TestRequestVerdicts(t *testing.T) {
	for _, c := range []struct {
		text string
		want error
	}{
		{"01 00 00 00", nil},
		{"01 00 00 00 ff", nil},
		{"01 00 00", codec.ErrTruncated},
		{"", codec.ErrTruncated},
		{"00 00 00 00", codec.ErrBadLayout},
		{"02 00 00 00", codec.ErrBadLayout},
		{"01 01 00 00", codec.ErrBadLayout},
		{"01 00 01 00", codec.ErrBadLayout},
		{"01 00 00 80", codec.ErrBadLayout},
	} {
		if _, err := cgroupsnapshot.DecodeRequest(golden.Bytes(t, c.text)); !errors.Is(err, c.want) {
			t.Errorf("% s: error %v, want %v", c.text, err, c.want)
		}
	}
	if n, err := cgroupsnapshot.EncodeRequest(make([]byte, 3), cgroupsnapshot.Request{}); !errors.Is(err, codec.ErrOverflow) || n != 0 {
		t.Errorf("a request in 3 bytes: %d, %v", n, err)
	}
}

// change is one number of the golden response, overwritten.
type change struct {
	at   int
	to   uint32
	bits int // 8, 16 or 32
}

// Where the golden response has what.
const (
	atDir   = 24
	atItem0 = 24 + 3*8
	atName  = atItem0 + 32
	atPath  = atItem0 + 37
)

func TestResponseVerdicts(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []change
		want    error
		item    int
		field   string
	}{
		{"as it is", nil, nil, 0, ""},
		{"version", []change{{0, 2, 16}}, codec.ErrBadLayout, -1, "layout_version"},
		{"flags", []change{{2, 1, 16}}, codec.ErrBadLayout, -1, "flags"},
		{"padding", []change{{12, 1, 32}}, codec.ErrBadLayout, -1, "padding"},
		{"count beyond the payload", []change{{4, math.MaxUint32, 32}}, codec.ErrTruncated, -1, "directory"},
		{"count that wraps in 32 bits", []change{{4, 1 << 29, 32}}, codec.ErrTruncated, -1, "directory"},
		{"fewer items", []change{{4, 0, 32}}, nil, 0, ""},

		{"misaligned", []change{{atDir, 4, 32}}, codec.ErrBadAlignment, 0, "offset"},
		{"past the end", []change{{atDir, 0x80000000, 32}}, codec.ErrOutOfBounds, 0, "length"},
		{"end that wraps in 32 bits", []change{{atDir + 12, math.MaxUint32, 32}}, codec.ErrOutOfBounds, 1, "length"},
		{"one byte past the end", []change{{atDir + 20, 0x2a, 32}}, codec.ErrOutOfBounds, 2, "length"},
		{"shorter than its fixed part", []change{{atDir + 4, 31, 32}}, codec.ErrTruncated, 0, ""},
		{"ends before its last NUL", []change{{atDir + 4, 0x2a, 32}}, codec.ErrOutOfBounds, 0, "path_length"},
		{"unused tail of an item", []change{{atDir + 4, 0x30, 32}}, nil, 0, ""},
		{"overlapping items", []change{{atDir + 4, 0x60, 32}}, nil, 0, ""},
		{"repeated and out of order", []change{{atDir, 0x30, 32}, {atDir + 4, 0x22, 32}, {atDir + 8, 0, 32}, {atDir + 12, 0x2b, 32}}, nil, 0, ""},

		{"item version", []change{{atItem0, 0, 16}}, codec.ErrBadLayout, 0, "layout_version"},
		{"item flags", []change{{atItem0 + 2, 0x8000, 16}}, codec.ErrBadLayout, 0, "flags"},
		{"name begins in the fixed part", []change{{atItem0 + 16, 31, 32}, {atItem0 + 20, 5, 32}}, codec.ErrOutOfBounds, 0, "name_offset"},
		{"path inside the fixed part", []change{{atItem0 + 24, 28, 32}, {atItem0 + 28, 1, 32}}, codec.ErrOutOfBounds, 0, "path_offset"},
		{"name past the end", []change{{atItem0 + 16, 0x80000000, 32}}, codec.ErrOutOfBounds, 0, "name_length"},
		{"name whose end wraps", []change{{atItem0 + 20, math.MaxUint32 - 31, 32}}, codec.ErrOutOfBounds, 0, "name_length"},
		{"path whose end wraps", []change{{atItem0 + 28, math.MaxUint32, 32}}, codec.ErrOutOfBounds, 0, "path_length"},
		{"name without NUL", []change{{atName + 4, 'x', 8}}, codec.ErrMissingNUL, 0, "name"},
		{"path without NUL", []change{{atPath + 5, 'x', 8}}, codec.ErrMissingNUL, 0, "path"},
		{"NUL inside the name", []change{{atName + 1, 0, 8}}, nil, 0, ""},
		{"path first, then name", []change{{atItem0 + 16, 37, 32}, {atItem0 + 20, 5, 32}, {atItem0 + 24, 32, 32}, {atItem0 + 28, 4, 32}}, nil, 0, ""},
		{"one string twice", []change{{atItem0 + 24, 32, 32}, {atItem0 + 28, 4, 32}}, codec.ErrBadLayout, 0, "name and path share bytes"},
		{"one NUL for both", []change{{atItem0 + 24, 36, 32}, {atItem0 + 28, 0, 32}}, codec.ErrBadLayout, 0, "name and path share bytes"},
		{"one NUL for both, path first", []change{{atItem0 + 16, 36, 32}, {atItem0 + 20, 0, 32}, {atItem0 + 24, 32, 32}, {atItem0 + 28, 4, 32}}, codec.ErrBadLayout, 0, "name and path share bytes"},
		{"path inside name", []change{{atItem0 + 20, 10, 32}}, codec.ErrBadLayout, 0, "name and path share bytes"},
		{"gap between the strings", []change{{atItem0 + 20, 3, 32}, {atName + 3, 0, 8}}, nil, 0, ""},
	} {
		b := golden.Bytes(t, responseText)
		for _, ch := range c.changes {
			ch.apply(b)
		}
		v, err := cgroupsnapshot.DecodeResponse(b)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
			continue
		}
		if err == nil {
			continue
		}
		var e *codec.Error
		if !errors.As(err, &e) || e.Field != c.field || e.Item != c.item {
			t.Errorf("%s: error %v does not name item %d and field %q", c.name, err, c.item, c.field)
		}
		if v.Len() != 0 || v.Generation() != 0 || v.SystemdEnabled() != 0 {
			t.Errorf("%s: an error and a view", c.name)
		}
	}
}

func (c change) apply(b []byte) {
	switch c.bits {
	case 8:
		b[c.at] = byte(c.to)
	case 16:
		binary.NativeEndian.PutUint16(b[c.at:], uint16(c.to))
	case 32:
		binary.NativeEndian.PutUint32(b[c.at:], c.to)
	}
}

// A whole item, wherever it lies: only multiples of 8 will do.
func TestItemAlignment(t *testing.T) {
	item := golden.Bytes(t, responseText)[atItem0 : atItem0+0x2b]
	for off := range 17 {
		b := append(golden.Bytes(t, responseText)[:atDir+8], make([]byte, off)...)
		b = append(b, item...)
		change{4, 1, 32}.apply(b)
		change{atDir, uint32(off), 32}.apply(b)
		var want error
		if off%8 != 0 {
			want = codec.ErrBadAlignment
		}
		if _, err := cgroupsnapshot.DecodeResponse(b); !errors.Is(err, want) {
			t.Errorf("offset %d: error %v, want %v", off, err, want)
		}
	}
}

// Every shorter length is refused, trailing bytes are not.
func TestResponseLengths(t *testing.T) {
	b := golden.Bytes(t, responseText)
	for n := range b {
		if _, err := cgroupsnapshot.DecodeResponse(b[:n]); err == nil {
			t.Errorf("%d of %d bytes were accepted", n, len(b))
		}
	}
	if _, err := cgroupsnapshot.DecodeResponse(append(b, 0xff, 0xff, 0xff)); err != nil {
		t.Errorf("trailing bytes: %v", err)
	}
}

// An item beyond Len is the caller's mistake and must not read a neighbour's bytes.
func TestItemPanicsBeyondLen(t *testing.T) {
	v, err := cgroupsnapshot.DecodeResponse(golden.Bytes(t, responseText))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 3, 1 << (bits.UintSize - 3), math.MaxInt} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("item %d of 3 was given out", i)
				}
			}()
			v.Item(i)
		}()
	}
	if name := v.Item(0).Name().Bytes(); cap(name) != len(name) {
		t.Error("appending to a name would write into the payload")
	}
}
