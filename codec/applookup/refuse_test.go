package applookup_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
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
	atKey0 = atDir + 2*8 // of the golden request
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
		{"repeated", []change{{atDir + 8, 0, 32}}, codec.ErrBadLayout, 1, "offset"},
		{"past the end", []change{{atDir + 8, 16, 32}}, codec.ErrOutOfBounds, 1, "length"},
		{"end that wraps in 32 bits", []change{{atDir + 12, math.MaxUint32, 32}}, codec.ErrOutOfBounds, 1, "length"},
		{"short", []change{{atDir + 4, 7, 32}}, codec.ErrBadLayout, 0, "length"},
		{"long", []change{{atDir + 4, 16, 32}}, codec.ErrBadLayout, 0, "length"},
		{"padding", []change{{atKey0 + 4, 1 << 24, 32}}, codec.ErrBadLayout, 0, "padding"},
		{"any pid", []change{{atKey0, math.MaxUint32, 32}}, nil, 0, ""},
	} {
		c.check(t, requestText, func(b []byte) error {
			v, err := applookup.DecodeRequest(b)
			if err != nil && v.Len() != 0 {
				t.Errorf("%s: an error and a view", c.name)
			}
			return err
		})
	}
}

// Where the golden response has what.
const (
	atItem0  = atDir + 3*8
	atComm   = atItem0 + 60
	atPath   = atItem0 + 65
	atName   = atItem0 + 68
	atLabel0 = atItem0 + 72
	atText   = atItem0 + 88
	atItem1  = atItem0 + 0x60
	atItem2  = atItem0 + 0xa0
)

func TestResponseVerdicts(t *testing.T) {
	for _, c := range []verdict{
		{"as it is", nil, nil, 0, ""},
		{"version", []change{{0, 2, 16}}, codec.ErrBadLayout, -1, "layout_version"},
		{"flags", []change{{2, 1, 16}}, codec.ErrBadLayout, -1, "flags"},
		{"count that wraps in 32 bits", []change{{4, 1 << 29, 32}}, codec.ErrTruncated, -1, "directory"},
		{"fewer items", []change{{4, 0, 32}}, nil, 0, ""},
		{"misaligned", []change{{atDir + 8, 0x5c, 32}}, codec.ErrBadAlignment, 1, "offset"},
		{"overlapping", []change{{atDir + 8, 0x58, 32}}, codec.ErrBadLayout, 1, "offset"},
		{"past the end", []change{{atDir + 20, 0x40, 32}}, codec.ErrOutOfBounds, 2, "length"},
		{"shorter than its fixed part", []change{{atDir + 4, 59, 32}}, codec.ErrTruncated, 0, ""},
		{"gap that is not zero", []change{{atItem1 - 1, 0xff, 8}}, nil, 0, ""},

		{"item version", []change{{atItem0, 0, 16}}, codec.ErrBadLayout, 0, "layout_version"},
		{"first padding", []change{{atItem0 + 20, 1 << 31, 32}}, codec.ErrBadLayout, 0, "padding"},
		{"second padding", []change{{atItem1 + 58, 1, 16}}, codec.ErrBadLayout, 1, "padding"},
		{"any orchestrator", []change{{atItem0 + 4, 0xffff, 16}}, nil, 0, ""},
		{"any pid, ppid, uid, starttime", []change{{atItem0 + 8, 0, 32}, {atItem0 + 12, 0, 32}, {atItem0 + 16, notSet, 32}, {atItem0 + 24, notSet, 32}}, nil, 0, ""},

		{"comm in the fixed part", []change{{atItem0 + 32, 59, 32}}, codec.ErrOutOfBounds, 0, "comm_offset"},
		{"comm past the end", []change{{atItem0 + 36, 0x20, 32}}, codec.ErrOutOfBounds, 0, "comm_length"},
		{"comm whose end wraps", []change{{atItem0 + 36, math.MaxUint32 - 59, 32}}, codec.ErrOutOfBounds, 0, "comm_length"},
		{"comm without NUL", []change{{atComm + 4, 'x', 8}}, codec.ErrMissingNUL, 0, "comm"},
		{"NUL in comm", []change{{atComm + 1, 0, 8}}, codec.ErrInteriorNUL, 0, "comm"},
		{"NUL before comm", []change{{atComm, 0, 8}}, codec.ErrInteriorNUL, 0, "comm"},
		{"path in the fixed part", []change{{atItem0 + 40, 0, 32}}, codec.ErrOutOfBounds, 0, "cgroup_path_offset"},
		{"path past the end", []change{{atItem0 + 44, 0x1b, 32}}, codec.ErrOutOfBounds, 0, "cgroup_path_length"},
		{"path without NUL", []change{{atPath + 2, 'x', 8}}, codec.ErrMissingNUL, 0, "cgroup_path"},
		{"NUL in path", []change{{atPath, 0, 8}}, codec.ErrInteriorNUL, 0, "cgroup_path"},
		{"name in the fixed part", []change{{atItem0 + 48, 59, 32}}, codec.ErrOutOfBounds, 0, "cgroup_name_offset"},
		{"name past the end", []change{{atItem0 + 52, math.MaxUint32, 32}}, codec.ErrOutOfBounds, 0, "cgroup_name_length"},
		{"name without NUL", []change{{atName + 1, 'x', 8}}, codec.ErrMissingNUL, 0, "cgroup_name"},
		{"NUL in name", []change{{atName, 0, 8}}, codec.ErrInteriorNUL, 0, "cgroup_name"},
		{"comm and path the same", []change{{atItem0 + 40, 60, 32}, {atItem0 + 44, 4, 32}}, codec.ErrBadLayout, 0, "strings share bytes"},
		{"comm and name with one NUL", []change{{atItem0 + 48, 64, 32}, {atItem0 + 52, 0, 32}}, codec.ErrBadLayout, 0, "strings share bytes"},
		{"path and name with one NUL", []change{{atItem0 + 48, 67, 32}, {atItem0 + 52, 0, 32}}, codec.ErrBadLayout, 0, "strings share bytes"},
		{"name, path, comm", []change{{atItem0 + 32, 68, 32}, {atItem0 + 36, 1, 32}, {atItem0 + 48, 60, 32}, {atItem0 + 52, 4, 32}}, nil, 0, ""},
		{"gap between the strings", []change{{atItem0 + 32, 61, 32}, {atItem0 + 36, 3, 32}}, nil, 0, ""},

		{"status", []change{{atItem2 + 2, 4, 16}}, codec.ErrBadLayout, 2, "status"},
		{"unknown, with ppid", []change{{atItem2 + 12, 1, 32}}, codec.ErrBadLayout, 2, "ppid"},
		{"unknown, with uid", []change{{atItem2 + 16, 0, 32}}, codec.ErrBadLayout, 2, "uid"},
		{"unknown, with starttime", []change{{atItem2 + 28, 1, 32}}, codec.ErrBadLayout, 2, "starttime"},
		{"cgroup status", []change{{atItem1 + 6, 4, 16}}, codec.ErrBadLayout, 1, "cgroup_status"},
		{"cgroup known, without path", []change{{atItem1 + 6, 0, 16}}, codec.ErrBadLayout, 1, "cgroup_path"},
		{"cgroup unknown yet", []change{{atItem1 + 6, 1, 16}}, nil, 0, ""},
		{"host root, with path", []change{{atItem0 + 6, 3, 16}}, codec.ErrBadLayout, 0, "cgroup_path"},

		{"bytes behind the strings", []change{{atItem0 + 56, 0, 16}}, codec.ErrBadLayout, 0, "end of item"},
		{"more labels", []change{{atItem0 + 56, 2, 16}}, codec.ErrOutOfBounds, 0, "label table"},
		{"gap before the labels", []change{{atName + 3, 1, 8}}, codec.ErrBadLayout, 0, "padding before labels"},
		{"key elsewhere", []change{{atLabel0, 89, 32}}, codec.ErrBadLayout, 0, "label key_offset"},
		{"key without NUL", []change{{atText + 1, 'x', 8}}, codec.ErrMissingNUL, 0, "label key"},
		{"NUL in value", []change{{atText + 2, 0, 8}}, codec.ErrInteriorNUL, 0, "labels"},
	} {
		c.check(t, responseText, func(b []byte) error {
			v, err := applookup.DecodeResponse(b)
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
		requestText:  func(b []byte) error { _, err := applookup.DecodeRequest(b); return err },
		responseText: func(b []byte) error { _, err := applookup.DecodeResponse(b); return err },
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
	v, err := applookup.DecodeResponse(golden.Bytes(t, responseText))
	if err != nil {
		t.Fatal(err)
	}
	asked := ask(t, requestGolden)
	for _, i := range []int{-1, 3, 1 << (bits.UintSize - 4), 1 << (bits.UintSize - 3), math.MaxInt} {
		for what, get := range map[string]func(){
			"item":  func() { v.Item(i) },
			"pid":   func() { asked.PID(i) },
			"label": func() { v.Item(0).Labels().At(i) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s %d was given out", what, i)
					}
				}()
				get()
			}()
		}
	}
	key, value := v.Item(0).Labels().At(0)
	for _, s := range []codec.StrView{v.Item(0).Comm(), v.Item(0).CgroupPath(), v.Item(0).CgroupName(), key, value} {
		if cap(s.Bytes()) != s.Len() {
			t.Errorf("appending to %q would write into the payload", s)
		}
	}
}
