package increment

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// encode and decode are both directions of both messages; layout is for errors.

func encode(dst []byte, v uint64, layout string) (int, error) {
	if len(dst) < Size {
		return 0, codec.FieldError(layout, "", codec.ErrOverflow)
	}
	binary.NativeEndian.PutUint64(dst[offValue:], v)
	return Size, nil
}

func decode(b []byte, layout string) (uint64, error) {
	if len(b) < Size {
		return 0, codec.FieldError(layout, "", codec.ErrTruncated)
	}
	return binary.NativeEndian.Uint64(b[offValue:]), nil
}
