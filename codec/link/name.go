package link

import (
	"errors"
	"fmt"
)

// ErrBadServiceName is what CheckServiceName wraps.
var ErrBadServiceName = errors.New("bad service name")

// CheckServiceName reports whether s may name a service, on every operating system alike: one or more of the
// ASCII letters, digits, '-', '_' and '.', but neither "." nor ".." (spec 02, 05). The name becomes part of a
// path or of an object name, so anything else is refused before any system call and never rewritten. How long
// a name may be depends on what it becomes part of, and is the transport's to say.
//
// The error wraps ErrBadServiceName and quotes the name.
func CheckServiceName(s string) error {
	switch s {
	case "":
		return fmt.Errorf("%w %q: it is empty", ErrBadServiceName, s)
	case ".", "..":
		return fmt.Errorf("%w %q: it names a directory", ErrBadServiceName, s)
	}
	for i := 0; i < len(s); i++ {
		if !serviceNameByte(s[i]) {
			return fmt.Errorf("%w %q: byte %d is 0x%02x, allowed are '-', '_', '.', 0-9, A-Z and a-z", ErrBadServiceName, s, i, s[i])
		}
	}
	return nil
}

func serviceNameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '_' || c == '.'
}
