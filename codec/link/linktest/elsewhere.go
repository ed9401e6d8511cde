package linktest

import (
	"context"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Harness makes h, which is of this process, one of two: its servers are in the Remote's process, or else its clients
// are. here does in this process what the Remote's Agent does in the other one, and place thinks of a fresh place for an
// endpoint. Raw and RawServer stay as they are; where the clients are elsewhere, so must RawServer's dialer be.
func (r *Remote) Harness(h Harness, here *Agent, serversElsewhere bool, place func(tb testing.TB) string) Harness {
	e := elsewhere{remote: r, here: here, servers: serversElsewhere}
	open := func(tb testing.TB, handshake time.Duration) (link.Listener, link.Dialer) {
		at := place(tb)
		l := e.listen(tb, at, handshake)
		dialer := r.Dialer
		if e.servers {
			dialer = here.Dialer
		}
		d, err := dialer(at)
		if err != nil {
			tb.Fatal(err)
		}
		return l, d
	}
	h.Remote, h.Pipe = true, nil
	h.New = func(tb testing.TB) (link.Listener, link.Dialer) { return open(tb, 0) }
	h.NewLimited = open
	if here.Reset != nil {
		h.Reset = e.reset
	}
	if here.Connect != nil {
		h.Faulty = func(tb testing.TB, p FaultPlan) (faulty, other link.Conn, resume func()) {
			return e.faulty(tb, p, place(tb))
		}
	}
	return h
}

// elsewhere is a transport of which one side is in another process.
type elsewhere struct {
	remote  *Remote
	here    *Agent
	servers bool // are there
}

func (e *elsewhere) listen(tb testing.TB, place string, handshake time.Duration) link.Listener {
	tb.Helper()
	listen := e.here.Listen
	if e.servers {
		listen = e.remote.Listen
	}
	l, err := listen(place, handshake)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

// reset breaks a session, wherever it is.
func (e *elsewhere) reset(c link.Conn) {
	if there, ok := c.(*remoteConn); ok {
		_, _ = there.call(context.Background(), remoteCall{Op: opReset}, nil)
	} else {
		e.here.Reset(c)
	}
}

// faulty is Harness.Faulty with an end in each process.
func (e *elsewhere) faulty(tb testing.TB, plan FaultPlan, place string) (faulty, other link.Conn, resume func()) {
	l := e.listen(tb, place, 0)
	client, resumeClient, err := e.client(place, plan)
	if err != nil {
		tb.Fatal(err)
	}
	in, err := l.Accept(patiently(tb))
	if err != nil {
		client.Close()
		tb.Fatal(err)
	}
	server, resumeServer, err := e.server(in, plan)
	if err != nil {
		client.Close()
		tb.Fatal(err)
	}
	if plan.Client {
		return client, server, resumeClient
	}
	return server, client, resumeServer
}

func (e *elsewhere) client(place string, plan FaultPlan) (link.Conn, func(), error) {
	if !e.servers {
		return e.remote.bare(remoteCall{Op: opBare, Place: place, Plan: plan})
	}
	p, reset, err := e.here.Connect(place)
	if err != nil {
		return nil, nil, err
	}
	c, resume := plan.session(true, p, reset)
	return c, resume, nil
}

func (e *elsewhere) server(in link.Incoming, plan FaultPlan) (link.Conn, func(), error) {
	if there, ok := in.(*remoteIncoming); ok {
		return e.remote.bare(remoteCall{Op: opBare, Obj: there.id, Plan: plan})
	}
	p, reset := e.here.Bare(in)
	c, resume := plan.session(false, p, reset)
	return c, resume, nil
}

// bare has the Agent make a session over a bare connection.
func (r *Remote) bare(call remoteCall) (link.Conn, func(), error) {
	reply, err := r.call(context.Background(), call, nil)
	c, err := r.conn(reply, err)
	if err != nil {
		return nil, nil, err
	}
	return c, func() {
		_, _ = c.(*remoteConn).call(context.Background(), remoteCall{Op: opResume}, nil)
	}, nil
}
