// Package stringreverse is the payload of method STRING_REVERSE: a string there, its bytes reversed back (spec 07).
// It is the smallest method whose payload varies in size, used for tests and benchmarks.
//
// Request and response are laid out alike, and read as a codec.StrView, which borrows the payload: valid until the
// payload's buffer is used again or written to; its String copies to keep. A server answers with a Builder, which
// writes straight into the buffer that will be sent, or with EncodeResponse. Strings may hold any bytes, NULs too.
//
// Errors wrap a sentinel of package codec and say which field: errors.Is tells the sentinel, errors.As with a
// *codec.Error the rest. All functions may be called from any number of goroutines.
package stringreverse
