package cgrouplookup_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// change is one number of golden bytes, overwritten.
type change struct {
	at   int
	to   uint32
	bits int // 8, 16 or 32
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

// verdict is what to think of golden bytes after some changes.
type verdict struct {
	name    string
	changes []change
	want    error
	item    int
	field   string
}

func (c verdict) check(t *testing.T, text string, decode func([]byte) error) {
	t.Helper()
	b := golden.Bytes(t, text)
	for _, ch := range c.changes {
		ch.apply(b)
	}
	err := decode(b)
	if !errors.Is(err, c.want) {
		t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		return
	}
	var e *codec.Error
	if err != nil && (!errors.As(err, &e) || e.Field != c.field || e.Item != c.item) {
		t.Errorf("%s: error %v does not name item %d and field %q", c.name, err, c.item, c.field)
	}
}

const (
	atDir  = 16
	atKey1 = atDir + 2*8 + 8 // key 1 of the golden request
)

func TestRequestVerdicts(t *testing.T) {
	for _, c := range []verdict{
		{"as it is", nil, nil, 0, ""},
		{"version", []change{{0, 2, 16}}, codec.ErrBadLayout, -1, "layout_version"},
		{"flags", []change{{2, 1, 16}}, codec.ErrBadLayout, -1, "flags"},
		{"first number that is zero", []change{{8, 1, 32}}, codec.ErrBadLayout, -1, "reserved"},
		{"second number that is zero", []change{{12, 1 << 31, 32}}, codec.ErrBadLayout, -1, "reserved"},
		{"count beyond the payload", []change{{4, math.MaxUint32, 32}}, codec.ErrTruncated, -1, "directory"},
		{"count that wraps in 32 bits", []change{{4, 1 << 29, 32}}, codec.ErrTruncated, -1, "directory"},
		{"fewer keys", []change{{4, 0, 32}}, nil, 0, ""},
		{"misaligned", []change{{atDir, 4, 32}}, codec.ErrBadAlignment, 0, "offset"},
		{"repeated", []change{{atDir + 8, 0, 32}, {atDir + 12, 3, 32}}, codec.ErrBadLayout, 1, "offset"},
		{"overlapping", []change{{atDir + 4, 14, 32}, {atDir + 16, 'x', 8}}, codec.ErrInteriorNUL, 0, "path"},
		{"past the end", []change{{atDir + 12, 7, 32}}, codec.ErrOutOfBounds, 1, "length"},
		{"end that wraps in 32 bits", []change{{atDir + 12, math.MaxUint32, 32}}, codec.ErrOutOfBounds, 1, "length"},
		{"no bytes", []change{{atDir + 4, 0, 32}}, codec.ErrBadLayout, 0, "length"},
		{"no path", []change{{atDir + 4, 1, 32}}, codec.ErrBadLayout, 0, "length"},
		{"no NUL", []change{{atDir + 4, 2, 32}}, codec.ErrMissingNUL, 0, "path"},
		{"NUL inside", []change{{atKey1 + 2, 0, 8}}, codec.ErrInteriorNUL, 1, "path"},
		{"two NULs at the end", []change{{atDir + 4, 4, 32}}, codec.ErrInteriorNUL, 0, "path"},
		{"gap that is not zero", []change{{atKey1 - 1, 0xff, 8}}, nil, 0, ""},
	} {
		c.check(t, requestText, func(b []byte) error {
			v, err := cgrouplookup.DecodeRequest(b)
			if err != nil && v.Len() != 0 {
				t.Errorf("%s: an error and a view", c.name)
			}
			return err
		})
	}
}

// Where the golden response has what.
const (
	atItem0  = atDir + 2*8
	atPath   = atItem0 + 28
	atName   = atItem0 + 31
	atLabel0 = atItem0 + 40
	atLabel1 = atItem0 + 56
	atText   = atItem0 + 72
	atItem1  = atItem0 + 88
)

func TestResponseVerdicts(t *testing.T) {
	for _, c := range []verdict{
		{"as it is", nil, nil, 0, ""},
		{"version", []change{{0, 2, 16}}, codec.ErrBadLayout, -1, "layout_version"},
		{"flags", []change{{2, 1, 16}}, codec.ErrBadLayout, -1, "flags"},
		{"count that wraps in 32 bits", []change{{4, 1 << 29, 32}}, codec.ErrTruncated, -1, "directory"},
		{"fewer items", []change{{4, 0, 32}}, nil, 0, ""},
		{"misaligned", []change{{atDir + 8, 0x5c, 32}}, codec.ErrBadAlignment, 1, "offset"},
		{"overlapping", []change{{atDir + 8, 0x50, 32}}, codec.ErrBadLayout, 1, "offset"},
		{"past the end", []change{{atDir + 12, 0x24, 32}}, codec.ErrOutOfBounds, 1, "length"},
		{"shorter than its fixed part", []change{{atDir + 4, 27, 32}}, codec.ErrTruncated, 0, ""},
		{"gap that is not zero", []change{{atItem1 - 1, 0xff, 8}}, nil, 0, ""},

		{"item version", []change{{atItem0, 0, 16}}, codec.ErrBadLayout, 0, "layout_version"},
		{"first padding", []change{{atItem0 + 6, 0x8000, 16}}, codec.ErrBadLayout, 0, "padding"},
		{"second padding", []change{{atItem1 + 26, 1, 16}}, codec.ErrBadLayout, 1, "padding"},
		{"status", []change{{atItem1 + 2, 5, 16}}, codec.ErrBadLayout, 1, "status"},
		{"any orchestrator", []change{{atItem0 + 4, 0xffff, 16}}, nil, 0, ""},
		{"unknown, with orchestrator", []change{{atItem1 + 4, 1, 16}}, codec.ErrBadLayout, 1, "orchestrator"},
		{"unknown, with name", []change{{atItem0 + 2, 1, 16}, {atItem0 + 4, 0, 16}}, codec.ErrBadLayout, 0, "name"},
		{"unknown, with labels", []change{{atItem1 + 24, 1, 16}}, codec.ErrBadLayout, 1, "label_count"},

		{"path in the fixed part", []change{{atItem0 + 8, 27, 32}}, codec.ErrOutOfBounds, 0, "path_offset"},
		{"path past the end", []change{{atItem0 + 12, 0x36, 32}}, codec.ErrOutOfBounds, 0, "path_length"},
		{"path whose end wraps", []change{{atItem0 + 12, math.MaxUint32, 32}}, codec.ErrOutOfBounds, 0, "path_length"},
		{"path without NUL", []change{{atPath + 2, 'x', 8}}, codec.ErrMissingNUL, 0, "path"},
		{"NUL in path", []change{{atPath, 0, 8}}, codec.ErrInteriorNUL, 0, "path"},
		{"no path", []change{{atItem0 + 8, 30, 32}, {atItem0 + 12, 0, 32}}, codec.ErrBadLayout, 0, "path_length"},
		{"name in the fixed part", []change{{atItem0 + 16, 0, 32}}, codec.ErrOutOfBounds, 0, "name_offset"},
		{"name past the end", []change{{atItem0 + 20, 0x33, 32}}, codec.ErrOutOfBounds, 0, "name_length"},
		{"name whose end wraps", []change{{atItem0 + 20, math.MaxUint32 - 0x1e, 32}}, codec.ErrOutOfBounds, 0, "name_length"},
		{"name without NUL", []change{{atName + 2, 'x', 8}}, codec.ErrMissingNUL, 0, "name"},
		{"NUL in name", []change{{atName + 1, 0, 8}}, codec.ErrInteriorNUL, 0, "name"},
		{"NUL before name", []change{{atName, 0, 8}}, codec.ErrInteriorNUL, 0, "name"},
		{"one string twice", []change{{atItem0 + 16, 28, 32}}, codec.ErrBadLayout, 0, "path and name share bytes"},
		{"one NUL for both", []change{{atItem0 + 16, 30, 32}, {atItem0 + 20, 0, 32}}, codec.ErrBadLayout, 0, "path and name share bytes"},
		{"one NUL for both, name first", []change{{atItem0 + 8, 33, 32}, {atItem0 + 12, 0, 32}}, codec.ErrBadLayout, 0, "path and name share bytes"},
		{"name first", []change{{atItem0 + 8, 31, 32}, {atItem0 + 16, 28, 32}}, nil, 0, ""},
		{"gap between the strings", []change{{atItem0 + 16, 32, 32}, {atItem0 + 20, 1, 32}}, nil, 0, ""},

		{"bytes behind the strings", []change{{atItem0 + 24, 0, 16}}, codec.ErrBadLayout, 0, "end of item"},
		{"more labels", []change{{atItem0 + 24, 3, 16}}, codec.ErrOutOfBounds, 0, "label table"},
		{"many more labels", []change{{atItem0 + 24, 0xffff, 16}}, codec.ErrOutOfBounds, 0, "label table"},
		{"fewer labels", []change{{atItem0 + 24, 1, 16}}, codec.ErrBadLayout, 0, "label key_offset"},
		{"gap before the labels", []change{{atName + 3, 1, 8}}, codec.ErrBadLayout, 0, "padding before labels"},
		{"key elsewhere", []change{{atLabel0, 73, 32}}, codec.ErrBadLayout, 0, "label key_offset"},
		{"empty key", []change{{atLabel0 + 4, 0, 32}, {atLabel0 + 8, 73, 32}}, codec.ErrBadLayout, 0, "label key_length"},
		{"value elsewhere", []change{{atLabel0 + 8, 75, 32}}, codec.ErrBadLayout, 0, "label value_offset"},
		{"value past the end", []change{{atLabel1 + 12, 1, 32}}, codec.ErrOutOfBounds, 0, "label value_length"},
		{"key whose end wraps", []change{{atLabel0 + 4, math.MaxUint32 - 72, 32}, {atLabel0 + 8, 0, 32}}, codec.ErrBadLayout, 0, "label value_offset"},
		{"key without NUL", []change{{atText + 1, 'x', 8}}, codec.ErrMissingNUL, 0, "label key"},
		{"value without NUL", []change{{atText + 3, 'x', 8}}, codec.ErrMissingNUL, 0, "label value"},
		{"NUL in key", []change{{atText + 6, 0, 8}}, codec.ErrInteriorNUL, 0, "labels"},
		{"last byte unused", []change{{atDir + 4, 0x53, 32}}, codec.ErrBadLayout, 0, "end of item"},
		{"last byte missing", []change{{atDir + 4, 0x51, 32}}, codec.ErrOutOfBounds, 0, "label value_length"},
	} {
		c.check(t, responseText, func(b []byte) error {
			v, err := cgrouplookup.DecodeResponse(b)
			if err != nil && (v.Len() != 0 || v.Generation() != 0) {
				t.Errorf("%s: an error and a view", c.name)
			}
			return err
		})
	}
}

// Every shorter length is refused, trailing bytes are not.
func TestLengths(t *testing.T) {
	for text, decode := range map[string]func([]byte) error{
		requestText:  func(b []byte) error { _, err := cgrouplookup.DecodeRequest(b); return err },
		responseText: func(b []byte) error { _, err := cgrouplookup.DecodeResponse(b); return err },
	} {
		b := golden.Bytes(t, text)
		for n := range b {
			if decode(b[:n]) == nil {
				t.Errorf("%d of %d bytes were accepted", n, len(b))
			}
		}
		if err := decode(append(b, 0xff, 0xff, 0xff)); err != nil {
			t.Errorf("trailing bytes: %v", err)
		}
	}
}

// An index beyond Len is the caller's mistake and must not read a neighbour's bytes; nor may appending write there.
func TestBeyondLen(t *testing.T) {
	v, err := cgrouplookup.DecodeResponse(golden.Bytes(t, responseText))
	if err != nil {
		t.Fatal(err)
	}
	asked := ask(t, requestGolden)
	for _, i := range []int{-1, 2, 1 << (bits.UintSize - 4), 1 << (bits.UintSize - 3), math.MaxInt} {
		for what, get := range map[string]func(){
			"item":  func() { v.Item(i) },
			"path":  func() { asked.Path(i) },
			"label": func() { v.Item(0).Labels().At(i) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s %d of 2 was given out", what, i)
					}
				}()
				get()
			}()
		}
	}
	key, value := v.Item(0).Labels().At(0)
	for _, s := range []codec.StrView{v.Item(0).Name(), v.Item(0).Path(), asked.Path(0), key, value} {
		if cap(s.Bytes()) != s.Len() {
			t.Errorf("appending to %q would write into the payload", s)
		}
	}
}
