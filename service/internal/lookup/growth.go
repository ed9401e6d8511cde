package lookup

import (
	"errors"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/service"
)

// growAfter is how many requests a lookup may take for no other reason than that they are small, before it makes the
// client ask for larger ones: reconnecting costs about as much as a few calls.
const growAfter = 16

// refused is the smallest request that the provider of a session did not agree to.
type refused struct {
	session atomic.Uint64 // how many sessions there had been; 0: nothing was refused
	size    atomic.Uint64 // bytes
}

// note remembers that requests of size bytes were refused to the client whose sessions are counted.
func (r *refused) note(session uint64, size int) {
	r.size.Store(uint64(size))
	r.session.Store(session)
}

// already reports whether a request of size bytes need not be tried: another session may be another provider's.
func (r *refused) already(session uint64, size int) bool {
	return r.session.Load() == session && uint64(size) >= r.size.Load()
}

// requestRefused reports whether a call failed because its request is larger than what can be agreed on.
func requestRefused(err error) bool {
	var growth *service.GrowthError
	var status *service.StatusError
	return errors.As(err, &growth) && !errors.As(err, &status)
}
