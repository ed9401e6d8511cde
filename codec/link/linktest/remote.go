package linktest

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Remote is an Agent in another process, seen from the test's. The listeners, dialers and sessions that it hands
// out are as good as local ones, but for what has to do with memory: a call copies, and allocates.
type Remote struct {
	control io.ReadWriteCloser

	out sync.Mutex
	enc *gob.Encoder

	mu     sync.Mutex
	last   uint64
	waits  map[uint64]chan remoteReply
	errs   map[uint64]*remoteError // by identity
	over   error                   // there will be no more replies
	closed chan struct{}           // the reader has ended
}

// NewRemote returns the Remote whose Agent is at the other end of a connection, which is closed with it.
func NewRemote(control io.ReadWriteCloser) *Remote {
	r := &Remote{
		control: control, enc: gob.NewEncoder(control), waits: map[uint64]chan remoteReply{},
		errs: map[uint64]*remoteError{}, closed: make(chan struct{}),
	}
	go r.read()
	return r
}

// Close ends the Agent, and with it all that it has made.
func (r *Remote) Close() error {
	err := r.control.Close()
	<-r.closed
	return err
}

func (r *Remote) read() {
	defer close(r.closed)
	dec := gob.NewDecoder(r.control)
	for {
		var reply remoteReply
		err := dec.Decode(&reply)
		r.mu.Lock()
		if err != nil {
			r.over = fmt.Errorf("linktest: the other process has left: %w", err)
			for id, c := range r.waits {
				delete(r.waits, id)
				close(c)
			}
			r.mu.Unlock()
			return
		}
		c := r.waits[reply.ID]
		delete(r.waits, reply.ID)
		r.mu.Unlock()
		if c != nil {
			c <- reply
		}
	}
}

// call makes a call. ctx cancels it; its end is awaited in any case.
func (r *Remote) call(ctx context.Context, c remoteCall, d *link.Deadline) (remoteReply, error) {
	if d != nil && *d != 0 {
		if c.Deadline = *d; *d > 0 {
			c.Left = time.Duration(int64(*d) - link.Now())
		}
	}
	if at, ok := ctx.Deadline(); ok {
		c.Bounded, c.Left = true, time.Until(at)
	}
	answer := make(chan remoteReply, 1)
	r.mu.Lock()
	if r.over != nil {
		r.mu.Unlock()
		return remoteReply{}, r.over
	}
	r.last++
	c.ID = r.last
	r.waits[c.ID] = answer
	r.mu.Unlock()
	if err := r.say(c); err != nil {
		return remoteReply{}, err
	}
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) { // a deadline passes there as well
			_ = r.say(remoteCall{Op: opCancel, Obj: c.ID})
		}
	})
	defer stop()
	reply, ok := <-answer
	if !ok {
		return remoteReply{}, r.over
	}
	if d != nil && *d < 0 && reply.Started {
		d.Start()
	}
	return reply, r.err(reply.Err)
}

func (r *Remote) say(c remoteCall) error {
	r.out.Lock()
	defer r.out.Unlock()
	return r.enc.Encode(c)
}

// err returns an error that came: the same one for the same.
func (r *Remote) err(e *remoteError) error {
	if e == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.errs[e.Identity]; was != nil {
		return was
	}
	if e.Identity != 0 {
		r.errs[e.Identity] = e
	}
	return e
}

// Listen has the Agent make a listener; see Agent.
func (r *Remote) Listen(place string, handshake time.Duration) (link.Listener, error) {
	reply, err := r.call(context.Background(), remoteCall{Op: opListen, Place: place, Left: handshake}, nil)
	if err != nil {
		return nil, err
	}
	return &remoteListener{remoteObject{r, reply.Obj}, reply.Endpoint}, nil
}

// Dialer has the Agent make a dialer; see Agent.
func (r *Remote) Dialer(place string) (link.Dialer, error) {
	reply, err := r.call(context.Background(), remoteCall{Op: opDialer, Place: place}, nil)
	if err != nil {
		return nil, err
	}
	return &remoteDialer{remoteObject{r, reply.Obj}, reply.Endpoint}, nil
}

// remoteObject is something in the other process.
type remoteObject struct {
	r  *Remote
	id uint64
}

func (o remoteObject) call(ctx context.Context, c remoteCall, d *link.Deadline) (remoteReply, error) {
	c.Obj = o.id
	return o.r.call(ctx, c, d)
}

// Close implements the Close of anything.
func (o remoteObject) Close() error {
	_, err := o.call(context.Background(), remoteCall{Op: opClose}, nil)
	return err
}

// SyscallConn says that a descriptor is not to be had from elsewhere.
func (o remoteObject) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }

type remoteDialer struct {
	remoteObject
	endpoint string
}

// Endpoint implements link.Dialer.
func (d *remoteDialer) Endpoint() string { return d.endpoint }

// Dial implements link.Dialer.
func (d *remoteDialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	reply, err := d.call(ctx, remoteCall{Op: opDial, Proposal: p}, nil)
	return d.r.conn(reply, err)
}

type remoteListener struct {
	remoteObject
	endpoint string
}

// Endpoint implements link.Listener.
func (l *remoteListener) Endpoint() string { return l.endpoint }

// Accept implements link.Listener.
func (l *remoteListener) Accept(ctx context.Context) (link.Incoming, error) {
	reply, err := l.call(ctx, remoteCall{Op: opAccept}, nil)
	if err != nil {
		return nil, err
	}
	return &remoteIncoming{remoteObject{l.r, reply.Obj}, reply.Peer}, nil
}

type remoteIncoming struct {
	remoteObject
	peer link.Peer
}

// Peer implements link.Incoming.
func (in *remoteIncoming) Peer() link.Peer { return in.peer }

// Handshake implements link.Incoming.
func (in *remoteIncoming) Handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	reply, err := in.call(ctx, remoteCall{Op: opHandshake, Settings: s}, nil)
	return in.r.conn(reply, err)
}

// Refuse implements link.Incoming.
func (in *remoteIncoming) Refuse(ctx context.Context, s wire.Status) error {
	_, err := in.call(ctx, remoteCall{Op: opRefuse, Status: s}, nil)
	return err
}

func (r *Remote) conn(reply remoteReply, err error) (link.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &remoteConn{remoteObject: remoteObject{r, reply.Obj}, info: reply.Info}, nil
}

// remoteConn is a session in the other process.
type remoteConn struct {
	remoteObject
	info link.Info
	buf  []byte // reserved here; the sender's alone
}

var _ link.Conn = (*remoteConn)(nil)

// Info implements link.Conn.
func (c *remoteConn) Info() link.Info { return c.info }

// Reserve implements link.Conn.
func (c *remoteConn) Reserve(n int) ([]byte, error) {
	if _, err := c.call(context.Background(), remoteCall{Op: opReserve, N: n}, nil); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	copy(b, c.buf)
	c.buf = b
	return b, nil
}

// Commit implements link.Conn.
func (c *remoteConn) Commit(h wire.Header, n int, d *link.Deadline) error {
	payload := c.buf[:min(max(n, 0), len(c.buf))]
	c.buf = nil
	_, err := c.call(context.Background(), remoteCall{Op: opCommit, Header: h, N: n, Payload: payload}, d)
	return err
}

// Cancel implements link.Conn.
func (c *remoteConn) Cancel() {
	c.buf = nil
	_, _ = c.call(context.Background(), remoteCall{Op: opCancelReserved}, nil)
}

// Recv implements link.Conn.
func (c *remoteConn) Recv(m *link.Message, d *link.Deadline) error {
	m.Release()
	reply, err := c.call(context.Background(), remoteCall{Op: opRecv}, d)
	if err != nil {
		return err
	}
	m.Set(reply.Header, message(reply.Header, reply.Payload))
	return nil
}

// Exchange implements link.Conn: the other process makes it there, as one step, unless something is to be done here
// in the middle.
func (c *remoteConn) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	if sent != nil {
		return link.InTurn(c, h, n, m, d, sent)
	}
	m.Release()
	payload := c.buf[:min(max(n, 0), len(c.buf))]
	c.buf = nil
	reply, err := c.call(context.Background(), remoteCall{Op: opExchange, Header: h, N: n, Payload: payload}, d)
	if err != nil {
		return reply.Sent, err
	}
	m.Set(reply.Header, message(reply.Header, reply.Payload))
	return true, nil
}

// Drain implements link.Conn.
func (c *remoteConn) Drain(d *link.Deadline) error {
	_, err := c.call(context.Background(), remoteCall{Op: opDrain}, d)
	return err
}

// allocations makes trips in the other process, and counts there.
func (c *remoteConn) allocations(tr trips) (float64, error) {
	reply, err := c.call(context.Background(), remoteCall{Op: opAllocations, Trips: tr}, nil)
	return reply.Allocs, err
}

// Interrupt implements link.Conn.
func (c *remoteConn) Interrupt(side link.Side, cause error) {
	var known identities
	_, _ = c.call(context.Background(), remoteCall{Op: opInterrupt, Side: side, Cause: known.pack(cause)}, nil)
}
