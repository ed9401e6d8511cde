package stringreverse

import "github.com/plugin-ipc/netipc/codec"

// EncodeRequest writes the request for s to the start of dst and returns its size in bytes. Error:
// codec.ErrOverflow when dst is shorter.
func EncodeRequest[S ~string | ~[]byte](dst []byte, s S) (int, error) {
	return encode(dst, s, layoutRequest)
}

// DecodeRequest reads a request from the start of b; bytes after it are not looked at. The string is borrowed: valid
// until b is used again or written to; its String copies to keep. Errors: codec.ErrTruncated, codec.ErrBadLayout for
// an offset other than 8, codec.ErrOutOfBounds, codec.ErrMissingNUL.
func DecodeRequest(b []byte) (codec.StrView, error) { return decode(b, layoutRequest) }
