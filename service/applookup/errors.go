package applookup

import "github.com/plugin-ipc/netipc/service/internal/lookup"

// How a lookup can fail, beside the ways that every call has. All are wrapped in a *link.OpError that names the
// endpoint. The first three end the session: what such a server says cannot be trusted (spec 15-w).
var (
	// ErrGeneration: the parts of the answer are of different generations. The provider has learned something while
	// it was asked; the same call again may succeed.
	ErrGeneration = lookup.ErrGeneration
	// ErrEcho: the answer is not to what was asked: another number of items, or another pid. It matches
	// service.ErrMalformed.
	ErrEcho = lookup.ErrEcho
	// ErrNoProgress: the provider answered none of the pids of a request. It matches service.ErrMalformed.
	ErrNoProgress = lookup.ErrNoProgress
	// ErrCeiling: the call exceeds one of Ceilings; errors.As with a *CeilingError tells which.
	ErrCeiling = lookup.ErrCeiling
)

// CeilingError says which of Ceilings a call has reached, and how far it has come. It is an ErrCeiling.
type CeilingError = lookup.CeilingError
