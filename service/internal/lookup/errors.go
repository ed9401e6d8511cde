package lookup

import (
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/service"
)

// How a lookup can fail, beside the ways that every call has. The first three end the session: what such a server
// says cannot be trusted (spec 15-w).
var (
	// ErrGeneration: the parts of the answer are of different generations. The provider has learned something while
	// it was asked; the same call again may succeed.
	ErrGeneration = errors.New("the parts of the answer are of different generations")
	// ErrEcho: the answer is not to what was asked: another number of items, or another key. It is an ErrMalformed.
	ErrEcho = fmt.Errorf("%w: not to what was asked", service.ErrMalformed)
	// ErrNoProgress: the provider answered none of the keys of a part. It is an ErrMalformed.
	ErrNoProgress = fmt.Errorf("%w: none of the keys was answered, and none would be", service.ErrMalformed)
	// ErrCeiling: the call exceeds one of the client's ceilings; errors.As with a *CeilingError tells which.
	ErrCeiling = errors.New("ceiling of lookups exceeded")
)

// CeilingError says which ceiling a lookup has reached, and how far it has come. It is an ErrCeiling.
type CeilingError struct {
	Ceiling  string // the field of Ceilings: "Keys", "Calls" or "Bytes"
	Limit    int    // its value
	Keys     int    // that were asked for
	Answered int    // of these
	Calls    int    // requests that were sent
	Bytes    int    // of answers
}

// Error implements error.
func (e *CeilingError) Error() string {
	return fmt.Sprintf("%v: Ceilings.%s is %d; %d of %d keys were answered, in %d calls and %d bytes: raise it, or ask for fewer keys at once",
		ErrCeiling, e.Ceiling, e.Limit, e.Answered, e.Keys, e.Calls, e.Bytes)
}

// Unwrap returns ErrCeiling.
func (e *CeilingError) Unwrap() error { return ErrCeiling }
