package codec

import "bytes"

// StrView is a string inside a message: borrowed bytes, without the NUL that follows them on the wire.
// It is valid as long as the buffer it was decoded from; String copies to keep.
type StrView struct{ b []byte }

// MakeStrView wraps bytes that a decoder has validated; b excludes the NUL.
func MakeStrView(b []byte) StrView { return StrView{b: b} }

// Len returns the length in bytes, without the NUL.
func (s StrView) Len() int { return len(s.b) }

// Bytes returns the borrowed bytes; they must not be written to. Valid as long as the view; copy to keep.
func (s StrView) Bytes() []byte { return s.b }

// String returns a copy. Comparisons of the form v.String() == x and map lookups m[v.String()] should use
// Equal and m[string(v.Bytes())] instead, which do not allocate.
func (s StrView) String() string { return string(s.b) }

// Equal reports whether the bytes are those of t, without allocating.
func (s StrView) Equal(t string) bool { return string(s.b) == t }

// Compare orders two views by their bytes.
func (s StrView) Compare(t StrView) int { return bytes.Compare(s.b, t.b) }

// AppendTo appends the bytes to dst.
func (s StrView) AppendTo(dst []byte) []byte { return append(dst, s.b...) }
