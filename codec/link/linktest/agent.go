package linktest

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Agent plays one side of the conformance suite in another process: it makes listeners and dialers of a
// transport there, and does with them and their sessions what a Remote in the test's process asks for.
type Agent struct {
	// Listen makes a listener at a place that the harness has thought of; handshake, if it is not 0, is to be
	// its limit for handshakes.
	Listen func(place string, handshake time.Duration) (link.Listener, error)
	// Dialer makes a dialer for the endpoint at such a place.
	Dialer func(place string) (link.Dialer, error)

	// Reset is that of Harness, for sessions of the listeners and dialers above. nil: there is none.
	Reset func(c link.Conn)

	// Connect makes a bare connection to such a place, and Bare takes over the one of a client that one of the
	// listeners above has accepted: for sessions whose packets meet faults. reset is that of Harness.Pipe. nil: the
	// transport has no packets.
	Connect func(place string) (p link.Packets, reset func(), err error)
	Bare    func(in link.Incoming) (p link.Packets, reset func())
}

// agentRun is one Serve of an Agent.
type agentRun struct {
	*Agent
	errors identities

	out sync.Mutex
	enc *gob.Encoder

	mu      sync.Mutex
	objects map[uint64]any
	last    uint64
	calls   map[uint64]context.CancelFunc // that can be cancelled
	wait    sync.WaitGroup
}

// agentConn is a session, and what was reserved in it.
type agentConn struct {
	link.Conn
	resume func() // ends a stall, where packets meet faults
	mu     sync.Mutex
	buf    []byte
}

// Serve serves the Remote at the other end until that closes; then it closes what it has made. The error is what
// went wrong with the connection, nil if it was closed.
func (a *Agent) Serve(control io.ReadWriteCloser) error {
	r := &agentRun{Agent: a, enc: gob.NewEncoder(control), objects: map[uint64]any{}, calls: map[uint64]context.CancelFunc{}}
	dec := gob.NewDecoder(control)
	var err error
	for err == nil {
		var c remoteCall
		if err = dec.Decode(&c); err != nil {
			break
		}
		if c.Op == opCancel {
			r.cancel(c.Obj)
			continue
		}
		ctx, cancel := r.context(&c)
		r.wait.Go(func() {
			defer cancel()
			reply := r.do(ctx, &c)
			reply.ID = c.ID
			r.done(c.ID)
			r.out.Lock()
			defer r.out.Unlock()
			_ = r.enc.Encode(reply) // who does not hear it has left
		})
	}
	r.closeAll()
	r.wait.Wait()
	control.Close()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// context makes the context of a call before the next one is read, so that none is cancelled too early.
func (r *agentRun) context(c *remoteCall) (context.Context, context.CancelFunc) {
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if c.Op != opDial && c.Op != opAccept && c.Op != opHandshake && c.Op != opRefuse {
		return ctx, cancel
	}
	ctx, cancel = context.WithCancel(ctx)
	r.mu.Lock()
	r.calls[c.ID] = cancel
	r.mu.Unlock()
	if c.Bounded {
		return context.WithTimeout(ctx, c.Left)
	}
	return ctx, cancel
}

func (r *agentRun) cancel(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.calls[id]; cancel != nil {
		cancel()
	}
}

func (r *agentRun) done(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.calls[id]; cancel != nil {
		cancel()
		delete(r.calls, id)
	}
}

func (r *agentRun) add(object any) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	r.objects[r.last] = object
	return r.last
}

func (r *agentRun) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.calls {
		cancel()
	}
	for _, o := range r.objects {
		if c, ok := o.(io.Closer); ok {
			go c.Close()
		}
	}
}

// do does what a call asks for.
func (r *agentRun) do(ctx context.Context, c *remoteCall) (reply remoteReply) {
	r.mu.Lock()
	object := r.objects[c.Obj]
	r.mu.Unlock()
	d := c.deadline()
	err := fmt.Errorf("linktest: no such call: %d of %T", c.Op, object)
	switch o := object.(type) {
	case nil:
		err = r.make(c, &reply)
	case link.Listener:
		switch c.Op {
		case opAccept:
			var in link.Incoming
			if in, err = o.Accept(ctx); err == nil {
				reply.Obj, reply.Peer = r.add(in), in.Peer()
			}
		case opClose:
			err = o.Close()
		}
	case link.Dialer:
		if c.Op == opDial {
			var conn link.Conn
			if conn, err = o.Dial(ctx, c.Proposal); err == nil {
				reply.Obj, reply.Info = r.add(&agentConn{Conn: conn}), conn.Info()
			}
		}
	case *agentConn:
		if c.Op == opReset && r.Reset != nil {
			r.Reset(o.Conn)
			err = nil
		} else {
			err = o.do(c, d, &reply)
		}
	case link.Incoming:
		switch c.Op {
		case opHandshake:
			var conn link.Conn
			if conn, err = o.Handshake(ctx, c.Settings); err == nil {
				reply.Obj, reply.Info = r.add(&agentConn{Conn: conn}), conn.Info()
			}
		case opBare:
			r.bare(c.Plan, false, &reply)(r.Bare(o))
			err = nil
		case opRefuse:
			err = o.Refuse(ctx, c.Status)
		case opClose:
			err = o.Close()
		}
	}
	reply.Started = d != nil && *d > 0
	reply.Err = r.errors.pack(err)
	return reply
}

// bare returns what makes a session of a bare connection.
func (r *agentRun) bare(plan FaultPlan, client bool, reply *remoteReply) func(p link.Packets, reset func()) {
	return func(p link.Packets, reset func()) {
		conn, resume := plan.session(client, p, reset)
		reply.Obj, reply.Info = r.add(&agentConn{Conn: conn, resume: resume}), conn.Info()
	}
}

// make makes a listener, a dialer, or a client's session over a bare connection.
func (r *agentRun) make(c *remoteCall, reply *remoteReply) error {
	switch c.Op {
	case opListen:
		l, err := r.Listen(c.Place, c.Left)
		if err != nil {
			return err
		}
		reply.Obj, reply.Endpoint = r.add(l), l.Endpoint()
		return nil
	case opDialer:
		d, err := r.Dialer(c.Place)
		if err != nil {
			return err
		}
		reply.Obj, reply.Endpoint = r.add(d), d.Endpoint()
		return nil
	case opBare:
		p, reset, err := r.Connect(c.Place)
		if err == nil {
			r.bare(c.Plan, true, reply)(p, reset)
		}
		return err
	}
	return fmt.Errorf("linktest: no such object: %d", c.Obj)
}

// do does one call of a session.
func (o *agentConn) do(c *remoteCall, d *link.Deadline, reply *remoteReply) (err error) {
	switch c.Op {
	case opReserve:
		b, err := o.Conn.Reserve(c.N)
		if err == nil {
			o.set(b)
		}
		return err
	case opCommit:
		copy(o.set(nil), c.Payload)
		return o.Conn.Commit(c.Header, c.N, d)
	case opCancelReserved:
		o.set(nil)
		o.Conn.Cancel()
		return nil
	case opRecv:
		var m link.Message
		if err := o.Conn.Recv(&m, d); err != nil {
			return err
		}
		reply.Header, reply.Payload = m.Header, m.Payload
		return nil
	case opExchange:
		copy(o.set(nil), c.Payload)
		var m link.Message
		if reply.Sent, err = o.Conn.Exchange(c.Header, c.N, &m, d, nil); err != nil {
			return err
		}
		reply.Header, reply.Payload = m.Header, m.Payload
		return nil
	case opDrain:
		return o.Conn.Drain(d)
	case opInterrupt:
		o.Conn.Interrupt(c.Side, c.Cause.original())
		return nil
	case opAllocations:
		reply.Allocs, err = c.Trips.allocations(o.Conn)
		return err
	case opResume:
		o.resume()
		return nil
	case opClose:
		return o.Conn.Close()
	}
	return fmt.Errorf("linktest: no such call of a session: %d", c.Op)
}

// set notes what is reserved and returns what was.
func (o *agentConn) set(b []byte) (was []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was, o.buf = o.buf, b
	return was
}

// original returns the error itself, where this process knows it.
func (e *remoteError) original() error {
	if e == nil {
		return nil
	}
	for _, i := range e.Known {
		return knownErrors[i]
	}
	return e
}

// deadline returns the deadline of a call by this process's clock.
func (c *remoteCall) deadline() *link.Deadline {
	d := c.Deadline
	switch {
	case d == 0:
		return nil
	case d > 0:
		d = max(1, link.Deadline(link.Now()+int64(c.Left)))
	}
	return &d
}
