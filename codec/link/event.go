package link

import (
	"time"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// EventKind says what happened.
type EventKind uint8

// What can happen to a session.
const (
	EventConnect    EventKind = iota + 1 // client: a session is up
	EventDisconnect                      // client: a session ended; Err says why
	EventAccept                          // server: a session is up
	EventEnd                             // server: a session ended; Err says why
	EventRefuse                          // a handshake was refused or failed; Err says why
	EventAbandon                         // client: a caller left, its answer will be discarded
	EventViolation                       // the peer violated the protocol; Err says how
	EventPanic                           // server: a handler panicked; Err carries the value
)

var eventNames = [...]string{"none", "connect", "disconnect", "accept", "end", "refuse", "abandon", "violation", "panic"}

// String returns the kind in one word.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// Event is one thing that happened, for logs, exporters and pattern detectors (spec 16). Hooks that take one
// are called synchronously, from any goroutine, and must not block.
type Event struct {
	Kind    EventKind
	When    time.Time
	Service string // the endpoint
	Session uint64
	Profile wire.Profile
	Peer    Peer
	Err     error
}
