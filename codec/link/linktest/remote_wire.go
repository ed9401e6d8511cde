package linktest

import (
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// What an Agent and a Remote say to each other, one gob value after the other.

// remoteOp is what is to be called.
type remoteOp uint8

const (
	opCancel remoteOp = iota // of the call whose number is Obj; no answer follows
	opListen
	opDialer
	opDial
	opAccept
	opHandshake
	opRefuse
	opClose // of anything
	opReserve
	opCommit
	opCancelReserved
	opRecv
	opExchange
	opDrain
	opInterrupt
	opReset
	opAllocations
	opBare   // a session over a bare connection: to a place, or of an incoming client
	opResume // of a fault
)

// remoteCall is one call. The fields that an op has no use for are zero.
type remoteCall struct {
	ID    uint64
	Op    remoteOp
	Obj   uint64 // that is called
	Place string

	Bounded  bool // Left counts, and a context's deadline is in it
	Left     time.Duration
	Deadline link.Deadline // 0: none; below: a budget; above: Left of it

	Proposal link.Proposal
	Settings link.Settings
	Status   wire.Status
	Header   wire.Header
	N        int
	Payload  []byte
	Side     link.Side
	Cause    *remoteError
	Trips    trips
	Plan     FaultPlan
}

// remoteReply is what came of a call.
type remoteReply struct {
	ID       uint64
	Err      *remoteError
	Obj      uint64 // that was made
	Endpoint string
	Peer     link.Peer
	Info     link.Info
	Header   wire.Header
	Payload  []byte
	Sent     bool // of an exchange, what was to be sent
	Allocs   float64
	Started  bool // the deadline is a moment now
}

// remoteError is an error from the other process: its text, which errors it is, and those that carry more.
type remoteError struct {
	Text     string
	Identity uint64 // the same error has the same; 0 none
	Known    []int  // of knownErrors
	Protocol *remoteProtocolError
	Refused  *link.RefusedError
	Limit    *link.LimitError
}

type remoteProtocolError struct {
	Header wire.Header
	Status wire.Status
}

// knownErrors are those that a caller may ask for with errors.Is. Their order is what is sent.
var knownErrors = append([]error{
	link.ErrCut, errors.ErrUnsupported,
}, sentinels...)

func (e *remoteError) Error() string { return e.Text }

// Is matches the errors that the original has matched.
func (e *remoteError) Is(target error) bool {
	for _, i := range e.Known {
		if knownErrors[i] == target {
			return true
		}
	}
	return false
}

// As fills in the errors that carry more.
func (e *remoteError) As(target any) bool {
	switch t := target.(type) {
	case **link.ProtocolError:
		if e.Protocol != nil {
			*t = &link.ProtocolError{Header: e.Protocol.Header, Status: e.Protocol.Status, Err: errors.New(e.Text)}
			return true
		}
	case **link.RefusedError:
		if e.Refused != nil {
			*t = e.Refused
			return true
		}
	case **link.LimitError:
		if e.Limit != nil {
			*t = e.Limit
			return true
		}
	}
	return false
}

// identities tell which error is which.
type identities struct {
	mu  sync.Mutex
	ids map[error]uint64
}

// pack makes an error ready to be sent.
func (all *identities) pack(err error) *remoteError {
	if err == nil {
		return nil
	}
	e := &remoteError{Text: err.Error()}
	if reflect.TypeOf(err).Comparable() {
		all.mu.Lock()
		if all.ids == nil {
			all.ids = map[error]uint64{}
		}
		if all.ids[err] == 0 {
			all.ids[err] = uint64(len(all.ids) + 1)
		}
		e.Identity = all.ids[err]
		all.mu.Unlock()
	}
	for i, known := range knownErrors {
		if errors.Is(err, known) {
			e.Known = append(e.Known, i)
		}
	}
	if violation := (*link.ProtocolError)(nil); errors.As(err, &violation) {
		e.Protocol = &remoteProtocolError{violation.Header, violation.Status}
	}
	if refused := (*link.RefusedError)(nil); errors.As(err, &refused) {
		e.Refused = &link.RefusedError{Status: refused.Status}
	}
	if limit := (*link.LimitError)(nil); errors.As(err, &limit) {
		e.Limit = limit
	}
	return e
}
