package codec

import (
	"errors"
	"strconv"
)

// What can be wrong with bytes or with a value to be encoded. Every error that this module returns wraps
// exactly one of these (or one of wire's), so that callers branch with errors.Is.
var (
	// ErrTruncated: fewer bytes than the layout needs.
	ErrTruncated = errors.New("truncated")
	// ErrBadLayout: a layout version, flag, reserved field, status or combination that the layout forbids.
	ErrBadLayout = errors.New("bad layout")
	// ErrOutOfBounds: an offset or length that points outside what it may point into.
	ErrOutOfBounds = errors.New("out of bounds")
	// ErrBadAlignment: an offset that is not a multiple of 8.
	ErrBadAlignment = errors.New("misaligned")
	// ErrMissingNUL: a string without the NUL byte that must follow it.
	ErrMissingNUL = errors.New("missing NUL")
	// ErrInteriorNUL: a NUL byte inside a string that must not have one.
	ErrInteriorNUL = errors.New("NUL inside string")
	// ErrBadCount: a number of items that is not allowed, or an index beyond it.
	ErrBadCount = errors.New("bad item count")
	// ErrOverflow: the value does not fit the buffer, or a size does not fit its field.
	ErrOverflow = errors.New("does not fit")
)

// Error says which field of which layout is wrong, and of which item if there are several. It wraps one of
// the sentinels above.
type Error struct {
	Layout string // e.g. "CGROUPS_SNAPSHOT response"
	Item   int    // index of the item, -1 where there is none
	Field  string // e.g. "name_offset"; empty for the whole
	Err    error
}

// Error implements error: "CGROUPS_SNAPSHOT response: item 3: name_offset: out of bounds".
func (e *Error) Error() string {
	s := e.Layout
	if e.Item >= 0 {
		s += ": item " + strconv.Itoa(e.Item)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// Errorf-free constructors: decoding a bad message is not a hot path, but it is one that strangers can take
// at will, so an error costs one small allocation and no formatting until somebody prints it.

// FieldError returns an *Error for a field of a layout that has no items.
func FieldError(layout, field string, err error) error {
	return &Error{Layout: layout, Item: -1, Field: field, Err: err}
}

// ItemError returns an *Error for a field of item i.
func ItemError(layout string, i int, field string, err error) error {
	return &Error{Layout: layout, Item: i, Field: field, Err: err}
}
