package wire_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Each decoder refuses what spec 01 and 07 say, by name, and accepts the rest.
func TestFixedVerdicts(t *testing.T) {
	for _, c := range []struct {
		layout string
		at     int  // index of the byte that is changed
		to     byte // its new value
		want   error
		field  string
	}{
		{"header", 0, 0, wire.ErrBadMagic, "magic"},
		{"header", 4, 2, wire.ErrBadVersion, "version"},
		{"header", 5, 1, wire.ErrBadVersion, "version"},
		{"header", 6, 31, wire.ErrBadHeaderLen, "header_len"},
		{"header", 8, 0, wire.ErrBadKind, "kind"},
		{"header", 8, 4, wire.ErrBadKind, "kind"},
		{"header", 9, 1, wire.ErrBadKind, "kind"},
		{"header", 10, 0xff, nil, ""}, // unknown flag bits
		{"header", 14, 0xff, nil, ""}, // unknown status
		{"chunk header", 3, 0, wire.ErrBadMagic, "magic"},
		{"chunk header", 4, 0, wire.ErrBadVersion, "version"},
		{"chunk header", 6, 1, codec.ErrBadLayout, "flags"},
		{"chunk header", 7, 1, codec.ErrBadLayout, "flags"},
		{"HELLO", 0, 2, codec.ErrBadLayout, wire.FieldLayoutVersion},
		{"HELLO", 2, 1, nil, ""}, // flags are the handshake's to judge
		{"HELLO", 28, 1, codec.ErrBadLayout, "padding"},
		{"HELLO", 31, 1, codec.ErrBadLayout, "padding"},
		{"HELLO_ACK", 0, 0, codec.ErrBadLayout, wire.FieldLayoutVersion},
		{"HELLO_ACK", 3, 1, codec.ErrBadLayout, "flags"},
		{"HELLO_ACK", 36, 1, nil, ""}, // padding is not judged
	} {
		t.Run(fmt.Sprintf("%s/%d=%d", c.layout, c.at, c.to), func(t *testing.T) {
			l := layoutNamed(c.layout)
			b := golden.Bytes(t, l.text)
			b[c.at] = c.to
			_, err := l.decode(b)
			wantError(t, err, c.want, c.field)
		})
	}
}

func layoutNamed(name string) fixed {
	for _, l := range fixedLayouts {
		if l.name == name {
			return l
		}
	}
	panic("no layout " + name)
}

func wantError(t *testing.T, err, want error, field string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	var e *codec.Error
	if want != nil && (!errors.As(err, &e) || e.Field != field) {
		t.Errorf("error %v does not name the field %q", err, field)
	}
}

// Every shorter length is truncated, trailing bytes are not looked at.
func TestFixedLengths(t *testing.T) {
	for _, l := range fixedLayouts {
		b := golden.Bytes(t, l.text)
		for n := range l.size {
			if l.name == "HELLO_ACK" && n == 36 {
				continue // the first draft's form
			}
			if _, err := l.decode(b[:n]); !errors.Is(err, codec.ErrTruncated) {
				t.Errorf("%s: %d of %d bytes: %v", l.name, n, l.size, err)
			}
		}
		v, err := l.decode(append(b, 0xff, 0xff))
		if diff := cmp.Diff(l.value, v); err != nil || diff != "" {
			t.Errorf("%s: trailing bytes: %v\n%s", l.name, err, diff)
		}
	}
}

func TestChunkWithoutPayload(t *testing.T) {
	c := chunkGolden
	c.PayloadLen = 0
	var b [wire.ChunkHeaderSize]byte
	c.Put(b[:])
	_, err := wire.DecodeChunkHeader(b[:])
	wantError(t, err, codec.ErrBadLayout, "chunk_payload_len")
}

// The 36-byte acknowledgement of the first draft (spec 01, 15-y).
func TestDraftAck(t *testing.T) {
	b := golden.Bytes(t, ackText)[:36]
	got, err := wire.DecodeHelloAck(b)
	if err != nil {
		t.Fatal(err)
	}
	want := ackGolden
	want.SessionID, want.NoSessionID = 0, true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b[2] = 1
	_, err = wire.DecodeHelloAck(b)
	wantError(t, err, codec.ErrBadLayout, "flags")
}

func TestPeekHeader(t *testing.T) {
	b := golden.Bytes(t, headerText)
	b[4], b[6], b[8] = 7, 9, 99
	p, ok := wire.PeekHeader(b)
	want := wire.Peek{Version: 7, HeaderLen: 9, Header: headerGolden}
	want.Header.Kind = 99
	if diff := cmp.Diff(want, p); !ok || diff != "" {
		t.Errorf("%v\n%s", ok, diff)
	}
	if _, ok := wire.PeekHeader(b[:31]); ok {
		t.Error("31 bytes are no header")
	}
	if !wire.HasMagic(b[:4]) || wire.HasMagic(b[:3]) {
		t.Error("the magic is the first four bytes")
	}
	b[0] = 0
	if _, ok := wire.PeekHeader(b); ok || wire.HasMagic(b) {
		t.Error("no magic, no header")
	}
}
