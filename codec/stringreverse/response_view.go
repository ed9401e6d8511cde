package stringreverse

import "github.com/plugin-ipc/netipc/codec"

// DecodeResponse reads a response from the start of b; bytes after it are not looked at. The string is borrowed:
// valid until b is used again or written to; its String copies to keep. Errors: codec.ErrTruncated,
// codec.ErrBadLayout for an offset other than 8, codec.ErrOutOfBounds, codec.ErrMissingNUL.
func DecodeResponse(b []byte) (codec.StrView, error) { return decode(b, layoutResponse) }
