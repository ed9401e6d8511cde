package v3peer

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench/internal/sys"
)

// Manner is how an End waits for its peer, and what it does for a peer that sleeps.
type Manner struct {
	Spins int  // looks at the sequence number before it sleeps; below 0 it never sleeps
	Pause bool // with the processor's hint between two looks
	Wake  bool // a system call after each message
}

// The manners that are measured.
var (
	Deployed = Manner{Spins: 128, Pause: true, Wake: true} // what spec 03 says of deployed peers
	Bare     = Manner{Spins: -1}                           // nothing but the layout
	Waking   = Manner{Spins: -1, Wake: true}               // and the system call, for nobody
	Sleeping = Manner{Wake: true}                          // nothing but sleeping and waking
)

// Errors of an End.
var (
	ErrTimeout  = errors.New("the peer did not answer in time")
	ErrEmpty    = errors.New("the peer published a message of no bytes")
	ErrTooLarge = errors.New("a message is larger than the room for it")
)

const (
	// timeout bounds a wait for a message.
	timeout = 30 * time.Second
	// nap bounds one sleep in the kernel, so that Go's scheduler is not held up for long (sys.FutexWait).
	nap = 100 * time.Millisecond
	// lookEvery is after how many turns a side that never sleeps looks whether there is a point in waiting, and lets
	// others run.
	lookEvery = 1 << 14
)

// lane is one direction of a region.
type lane struct {
	seq            *atomic.Uint64
	length, signal *atomic.Uint32
	area           []byte
}

// End is one side of a region. One goroutine uses it.
type End struct {
	manner         Manner
	out, in        lane
	sent, received uint64 // sequence numbers
	alive          func() error
}

// NewEnd makes one side of the region in mem. alive is asked now and then in a wait; its error ends it.
func NewEnd(mem []byte, p Plan, server bool, m Manner, alive func() error) *End {
	request := lane{
		seq: sys.Uint64(mem, offRequestSeq), length: sys.Uint32(mem, offRequestLen), signal: sys.Uint32(mem, offRequestSignal),
		area: mem[p.request:][:p.requestCapacity:p.requestCapacity],
	}
	response := lane{
		seq: sys.Uint64(mem, offResponseSeq), length: sys.Uint32(mem, offResponseLen), signal: sys.Uint32(mem, offResponseSignal),
		area: mem[p.response:][:p.responseCapacity:p.responseCapacity],
	}
	e := &End{manner: m, out: request, in: response, alive: alive}
	if server { // begins with 0
		e.out, e.in = response, request
		return e
	}
	e.sent, e.received = request.seq.Load(), response.seq.Load()
	return e
}

// Publish copies a whole message into the region and says so. Error: ErrTooLarge.
func (e *End) Publish(message []byte) error {
	if len(message) > len(e.out.area) {
		return fmt.Errorf("%w: %d bytes, there are %d", ErrTooLarge, len(message), len(e.out.area))
	}
	copy(e.out.area, message)
	e.out.length.Store(uint32(len(message)))
	e.sent++
	e.out.seq.Store(e.sent)
	e.out.signal.Add(1)
	if e.manner.Wake {
		_, err := sys.FutexWake(e.out.signal)
		return err
	}
	return nil
}

// Consume waits for the next message and copies it out. Errors: ErrTimeout, ErrEmpty, ErrTooLarge, and what alive
// says.
func (e *End) Consume(into []byte) (int, error) {
	if err := e.await(e.received + 1); err != nil {
		return 0, err
	}
	e.received++
	n := e.in.length.Load()
	switch {
	case n == 0:
		return 0, ErrEmpty
	case int64(n) > int64(len(e.in.area)), int64(n) > int64(len(into)):
		return 0, fmt.Errorf("%w: %d bytes, the area has %d, the buffer %d", ErrTooLarge, n, len(e.in.area), len(into))
	}
	return copy(into, e.in.area[:n]), nil
}

// await returns when the sequence number has got there.
func (e *End) await(want uint64) error {
	for turn := 0; turn != e.manner.Spins; turn++ {
		if e.in.seq.Load() >= want {
			return nil
		}
		if e.manner.Pause {
			sys.Pause()
		}
		if turn == lookEvery {
			if err := e.alive(); err != nil {
				return err
			}
			sys.Yield()
			turn = 0
		}
	}
	until := time.Now().Add(timeout)
	for {
		signal := e.in.signal.Load()
		if e.in.seq.Load() >= want {
			return nil
		}
		left := time.Until(until)
		if left <= 0 {
			return ErrTimeout
		}
		if err := sys.FutexWait(e.in.signal, signal, min(left, nap)); err != nil {
			return err
		}
		if e.in.seq.Load() < want {
			if err := e.alive(); err != nil {
				return err
			}
		}
	}
}
