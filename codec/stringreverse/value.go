package stringreverse

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Size returns the size of a request or a response with a string of that length, in bytes. What no payload can be,
// encoding refuses.
func Size(length int) int { return int(min(size(length), bounds.MaxSize)) }

func size(length int) uint64 { return offBytes + uint64(max(length, 0)) + nulSize }

// encode and decode are both directions of both messages; layout is for errors.

func encode[S ~string | ~[]byte](dst []byte, s S, layout string) (int, error) {
	n := size(len(s))
	if n > min(uint64(len(dst)), bounds.MaxSize) {
		return 0, codec.FieldError(layout, "", codec.ErrOverflow)
	}
	copy(dst[offBytes:], s)
	frame(dst[:n])
	return int(n), nil
}

// frame writes what is around the string of a message b.
func frame(b []byte) {
	length := len(b) - offBytes - nulSize
	binary.NativeEndian.PutUint32(b[offOffset:], offBytes)
	binary.NativeEndian.PutUint32(b[offLength:], uint32(length))
	b[offBytes+length] = 0
}

func decode(b []byte, layout string) (codec.StrView, error) {
	if len(b) < offBytes {
		return codec.StrView{}, codec.FieldError(layout, "", codec.ErrTruncated)
	}
	end := offBytes + uint64(binary.NativeEndian.Uint32(b[offLength:]))
	switch {
	case binary.NativeEndian.Uint32(b[offOffset:]) != offBytes:
		return codec.StrView{}, codec.FieldError(layout, "offset", codec.ErrBadLayout)
	case end >= uint64(len(b)):
		return codec.StrView{}, codec.FieldError(layout, "length", codec.ErrOutOfBounds)
	case b[end] != 0:
		return codec.StrView{}, codec.FieldError(layout, "string", codec.ErrMissingNUL)
	}
	return codec.MakeStrView(b[offBytes:end:end]), nil
}
