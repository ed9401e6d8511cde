package cgroupsnapshot

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
)

// Request asks for a snapshot. There is nothing to say in it.
type Request struct{}

// EncodeRequest writes a request to the start of dst and returns its size, RequestSize bytes. Error:
// codec.ErrOverflow when dst is shorter. May be called from any number of goroutines.
func EncodeRequest(dst []byte, _ Request) (int, error) {
	if len(dst) < RequestSize {
		return 0, codec.FieldError(layoutRequest, "", codec.ErrOverflow)
	}
	binary.NativeEndian.PutUint16(dst[reqVersion:], layoutVersion)
	binary.NativeEndian.PutUint16(dst[reqFlags:], 0)
	return RequestSize, nil
}

// DecodeRequest reads a request from the start of b; bytes after it are not looked at. Errors:
// codec.ErrTruncated, codec.ErrBadLayout for a layout version other than 1 or flags that are not zero. May be
// called from any number of goroutines.
func DecodeRequest(b []byte) (Request, error) {
	switch {
	case len(b) < RequestSize:
		return Request{}, codec.FieldError(layoutRequest, "", codec.ErrTruncated)
	case binary.NativeEndian.Uint16(b[reqVersion:]) != layoutVersion:
		return Request{}, codec.FieldError(layoutRequest, "layout_version", codec.ErrBadLayout)
	case binary.NativeEndian.Uint16(b[reqFlags:]) != 0:
		return Request{}, codec.FieldError(layoutRequest, "flags", codec.ErrBadLayout)
	}
	return Request{}, nil
}
