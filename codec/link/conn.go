package link

import (
	"context"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Side is one half of a session.
type Side uint8

// The halves.
const (
	SideSend Side = iota
	SideRecv
)

// Conn is one session after its handshake: two halves, one sender and one receiver at a time; the halves may
// be used at once. A client's Conn sends requests and receives responses, a server's the other way round.
// Close and Interrupt may be called by anybody at any time.
//
// Errors end the session unless their text here says otherwise. Each half remembers its own: after a violation
// nothing more can be received, while a last answer can be sent, and a request that could not be sent whole does
// not hide the answer that says why. Every later call of a half returns the error that ended it.
type Conn interface {
	// Info returns what is known about the session. It never changes.
	Info() Info

	// Reserve returns a buffer of exactly n bytes for the payload of the next message, borrowed until Commit
	// or Cancel. Called again before those it enlarges the buffer, keeping its bytes; the old slice is dead.
	// More than the limit of this direction is refused with a *LimitError, and nothing changed.
	Reserve(n int) ([]byte, error)

	// Commit sends the first n bytes that were reserved, under h, whose PayloadLen it fills in. It may wait
	// until the peer makes room. *LimitError, ErrInFlight, ErrMisuse and, as long as no byte was sent,
	// ErrTimeout and the cause of an Interrupt leave the session intact; once a part was sent the error
	// matches ErrCut as well. The reserved buffer is given back in any case.
	Commit(h wire.Header, n int, d *Deadline) error

	// Cancel gives the reserved buffer back. Without one it does nothing.
	Cancel()

	// Recv waits for the next message, checks all that Level 1 can (spec 01, "What a receiver checks,
	// always") and hands it to m, whose old content dies. After ErrTimeout and after the cause of an
	// Interrupt the session goes on: packets that had arrived are kept for the next Recv. Otherwise
	// ErrPeerClosed between messages, ErrReset (also when the peer closes inside a message), ErrClosed, or
	// a *ProtocolError.
	Recv(m *Message, d *Deadline) error

	// Exchange is Commit and then Recv into m, by one caller who has both halves. It is for whoever has nothing else
	// to do until the next message comes: where waking the peer is a step of its own, it is left out if that
	// message comes at once, because then the peer was awake. went reports whether the message went out whole: the
	// error is Commit's where it did not, else Recv's.
	//
	// sent, unless it is nil, is called once the message is out whole and before the wait for the next one. It must not
	// block, and an error that it returns ends the exchange there: it is what Exchange returns, and nothing was
	// received. d is the deadline of both steps; sent may write another one to it, for the wait.
	Exchange(h wire.Header, n int, m *Message, d *Deadline, sent func() error) (went bool, err error)

	// Drain receives and throws away whatever the peer still sends, until the peer has closed or the
	// connection is broken: nil. It is for a side that has said its last word, after a violation too: a
	// connection that is closed with something unread may hand the peer a reset before that word, and a peer
	// that is still sending would never get to read it (spec 15-l). It ends the receiving half: Recv returns
	// what had ended it before, else ErrMisuse. ErrTimeout, also of a peer that never stops sending, the cause
	// of an Interrupt, or ErrClosed, when Close comes first. It may be called again.
	Drain(d *Deadline) error

	// Interrupt makes the call that is parked on a side, or else the next one there, return cause.
	Interrupt(side Side, cause error)

	// Close ends the session: it unblocks both halves, waits for them and frees what they used. Calls after
	// the first do nothing and return nil.
	Close() error

	// SyscallConn gives access to the descriptor, for a caller's own event loop. Reading or writing it
	// there ends the session's order.
	SyscallConn() (syscall.RawConn, error)
}

// Info describes a session.
type Info struct {
	Endpoint  string // path or pipe name
	Profile   wire.Profile
	SessionID uint64 // 0 where the peer gave none
	Limits    Limits
	Peer      Peer
	Depth     int // requests that a client may have outstanding
}

// Peer is who is at the other end, as the operating system says.
type Peer struct {
	Known    bool // false where the system does not tell
	PID      int
	UID, GID uint32
}

// Dialer makes client sessions with one endpoint. It is safe for concurrent use.
type Dialer interface {
	// Dial connects and shakes hands. ErrNotFound: nothing there. *RefusedError: the server said no.
	// ErrTimeout, or the context's error, when it took too long.
	Dial(ctx context.Context, p Proposal) (Conn, error)
	// Endpoint names the place for people.
	Endpoint() string
}

// Listener takes in clients. Accept has one caller at a time; Close unblocks it.
type Listener interface {
	// Accept waits for a client to connect and does not talk to it: the handshake is the business of
	// whoever gets the Incoming, beside the accept loop, so that a silent client holds up nobody.
	Accept(ctx context.Context) (Incoming, error)
	// Close stops listening and removes what stood for the endpoint. Sessions go on.
	Close() error
	Endpoint() string
	SyscallConn() (syscall.RawConn, error)
}

// Incoming is a client that has connected. Exactly one of its methods but Peer ends its life.
type Incoming interface {
	// Peer returns who it is.
	Peer() Peer
	// Handshake reads the HELLO, negotiates and answers. Bounded by ctx and the listener's own limit
	// (default 5 s). After an error the connection is closed.
	Handshake(ctx context.Context, s Settings) (Conn, error)
	// Refuse reads the HELLO, answers it with s and closes: the client learns why (spec 15-i).
	Refuse(ctx context.Context, s wire.Status) error
	// Close closes without a word.
	Close() error
}

// InTurn is an Exchange made of c's own Commit and Recv: for a Conn to which they are all there is, and for one that
// wraps another and does more in either.
func InTurn(c Conn, h wire.Header, n int, m *Message, d *Deadline, sent func() error) (went bool, err error) {
	if err := c.Commit(h, n, d); err != nil {
		return false, err
	}
	if sent != nil {
		if err := sent(); err != nil {
			return true, err
		}
	}
	return true, c.Recv(m, d)
}
