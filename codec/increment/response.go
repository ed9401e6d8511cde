package increment

// EncodeResponse writes the response v to the start of dst and returns its size, Size bytes. Error:
// codec.ErrOverflow when dst is shorter.
func EncodeResponse(dst []byte, v uint64) (int, error) { return encode(dst, v, layoutResponse) }

// DecodeResponse reads a response from the start of b; bytes after it are not looked at. Error:
// codec.ErrTruncated when b is shorter than Size.
func DecodeResponse(b []byte) (uint64, error) { return decode(b, layoutResponse) }
