package shm

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/fence"
	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
)

var _ link.Conn = (*Conn)(nil)

// Conn is a session over a region, with one message in flight in each direction (Depth 1): nothing says that a message
// was consumed but its answer. Messages are copied in and out, each once; what decides is the copy, which the peer cannot
// change. The socket of the handshake stays open: it shows that the peer is gone.
//
// A server's Conn that sends twice without receiving in between may overwrite what its client has not taken yet.
type Conn struct {
	region *Region
	sock   link.Packets
	info   link.Info
	client bool
	magic  *atomic.Uint32 // of the region: it changes where somebody empties the file

	signs   signs
	watched chan struct{} // closed when nobody reads the socket any more

	out struct { // of the sender
		link.Outbox
		stream
		size size
		use  fence.Count // a call that only sends is inside
	}
	in struct { // of the receiver
		stream
		bunk
		link.Inbox
		size   size
		use    fence.Count // any other call is inside
		seat   spin.Seat   // for its wait
		err    error       // after which nothing is received
		pace   pace
		brisk  bool // the last message came before a clock was read
		seated bool // this wait may spin
	}
	brief uint32 // turns of briefTime
	seats int32  // waits of this process that may spin; looked up again with each sleep

	asked   atomic.Bool // a request lacks its answer; client only
	askedID uint64      // of it; set before asked
}

// NewClientConn joins a client's end with the region that it has attached. The Conn owns both from then on.
func NewClientConn(r *Region, sock link.Packets, info link.Info) *Conn {
	c := newConn(r, sock, info, requests(r), responses(r), wire.KindRequest, wire.KindResponse)
	c.client = true
	return c.begin()
}

// NewServerConn joins a server's end with the region that it has created. The Conn owns both from then on, and removes
// the file when it is closed.
func NewServerConn(r *Region, sock link.Packets, info link.Info) *Conn {
	return newConn(r, sock, info, responses(r), requests(r), wire.KindResponse, wire.KindRequest).begin()
}

func newConn(r *Region, sock link.Packets, info link.Info, out, in stream, sends, receives wire.Kind) *Conn {
	info.Depth = 1
	g := r.Geometry() // may be less than what was agreed, if the server was not ours
	info.Limits.RequestPayload = min(info.Limits.RequestPayload, g.RequestCapacity-wire.HeaderSize)
	info.Limits.ResponsePayload = min(info.Limits.ResponsePayload, g.ResponseCapacity-wire.HeaderSize)
	c := &Conn{
		region:  r,
		sock:    sock,
		info:    info,
		magic:   word32(r.Memory(), OffMagic),
		watched: make(chan struct{}),
		brief:   uint32(max(1, briefTime*1000/spin.TurnTime())),
		seats:   spin.Seats(),
	}
	c.signs.woken = make(chan struct{}, 1)
	c.out.Outbox, c.out.stream = link.NewOutbox(sends, info.Limits), out
	c.in.stream, c.in.Inbox = in, link.NewInbox(receives, info.Limits)
	c.in.bunk = newBunk(&c.signs, in.signal)
	c.in.seat = spin.NewSeat(&c.in.use)
	fence.Prepare()
	return c
}

// begin takes the region's numbers as they are: a client's starting point (spec 03).
func (c *Conn) begin() *Conn {
	var err error
	func() {
		c.enter(&c.in.use)
		defer c.finish(&c.in.use, debug.SetPanicOnFault(true), &err)
		if c.client {
			c.out.have, c.in.have = c.out.seq.Load(), c.in.seq.Load()
			c.out.moved = c.out.signal.Load()
		}
	}()
	go c.watch()
	return c
}

// watch waits until the peer closes the socket, dies, or says something there, which it must not (spec 15-r).
func (c *Conn) watch() {
	defer close(c.watched)
	_, _, err := c.sock.ReadPacket(make([]byte, 0, 1), 1, nil)
	if err == nil {
		err = &link.ProtocolError{Status: wire.StatusBadEnvelope, Err: errors.New("a packet on the socket of a session over shared memory")}
	}
	c.signs.lose(err)
}

// Info implements link.Conn. Depth is 1.
func (c *Conn) Info() link.Info { return c.info }

// SyscallConn implements link.Conn: the socket of the handshake. It becomes readable when the peer is gone, not when a
// message is there.
func (c *Conn) SyscallConn() (syscall.RawConn, error) { return c.sock.SyscallConn() }

// Interrupt implements link.Conn.
func (c *Conn) Interrupt(side link.Side, cause error) { c.signs.interrupt(side, cause) }

// Close implements link.Conn. What was sent, the peer can still receive: its mapping outlives the file.
func (c *Conn) Close() error {
	if !c.signs.raise(signClosed) {
		return nil
	}
	err := c.region.Remove()
	err = errors.Join(err, c.sock.Close())
	<-c.watched
	c.shut()
	c.in.seat.Drop()
	c.forget()
	err = errors.Join(err, c.region.Close())
	return c.opError("close", err)
}

// forget lets go of what lies in the memory before that is unmapped, when nobody uses it any more: where addresses are few
// its place may become the heap's, and what points there would be taken for something alive.
func (c *Conn) forget() {
	c.in.stream, c.out.stream, c.magic, c.in.word = stream{}, stream{}, nil, nil
}

func (c *Conn) opError(op string, err error) error {
	return link.NewOpError(op, c.info.Endpoint, err)
}

// misused says that something was sent which is not to be sent.
func (c *Conn) misused(err error) error {
	var limit *link.LimitError
	if errors.As(err, &limit) {
		return err
	}
	return c.opError("send", err)
}

// asks notes that a request is out whose answer has not come; of a server nothing.
func (c *Conn) asks(id uint64) {
	if c.client {
		c.askedID = id
		c.asked.Store(true)
	}
}

func tooMany(id uint64) error {
	return fmt.Errorf("request id %d is %w, and a session over shared memory has room for one", id, link.ErrInFlight)
}
