package increment

// EncodeRequest writes the request for v to the start of dst and returns its size, Size bytes. Error:
// codec.ErrOverflow when dst is shorter.
func EncodeRequest(dst []byte, v uint64) (int, error) { return encode(dst, v, layoutRequest) }

// DecodeRequest reads a request from the start of b; bytes after it are not looked at. Error:
// codec.ErrTruncated when b is shorter than Size.
func DecodeRequest(b []byte) (uint64, error) { return decode(b, layoutRequest) }
