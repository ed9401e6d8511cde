package service

import (
	"context"
	"errors"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// acceptAll takes in clients until the server stops (nil) or no more can be had (why). It never waits for a
// client.
func (c *serverCore) acceptAll(ctx context.Context) error {
	var pause time.Duration
	for {
		in, err := c.listener.Accept(ctx)
		switch {
		case err == nil:
			pause = 0
			c.welcome(ctx, in)
		case c.stopped() || ctx.Err() != nil:
			return nil
		case !passingAccept(err):
			return err
		default:
			// Descriptors have run out, most likely: clients that leave bring some back.
			pause = min(max(2*pause, firstAcceptPause), lastAcceptPause)
			c.cfg.Logger.Warn("netipc: cannot take in clients", "service", c.listener.Endpoint(), "error", err, "pause", pause)
			c.rest(ctx, pause)
		}
	}
}

const (
	firstAcceptPause = 5 * time.Millisecond
	lastAcceptPause  = time.Second
)

// passingAccept reports whether another Accept a moment later may succeed: the operating system says so.
func passingAccept(err error) bool {
	var passing interface{ Temporary() bool }
	return errors.As(err, &passing) && passing.Temporary()
}

// rest waits for d, or for the server to stop.
func (c *serverCore) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.stopping:
	case <-ctx.Done():
	}
}

// welcome starts the goroutine of a client that has connected.
func (c *serverCore) welcome(ctx context.Context, in link.Incoming) {
	if !c.enter() {
		in.Close()
		return
	}
	v := c.gate.arrive(ctx)
	go func() {
		defer c.exit()
		defer c.gate.leave(v)
		if s := c.receive(v, in); s != nil {
			s.run()
		}
	}()
}

// receive leads a client to its session. Nil: there is none, and the client is gone.
func (c *serverCore) receive(v *guest, in link.Incoming) *serverSession {
	peer := in.Peer()
	if !c.gate.find(v) {
		c.turnAway(v, in, peer)
		return nil
	}
	id := c.lastID.Add(1)
	conn, err := in.Handshake(v.ctx, c.cfg.settings(id, c.ceiling.now()))
	if err != nil {
		if c.gate.evicted(v) {
			err = errors.Join(ErrSilent, err)
		}
		c.strangerLeft(peer, err)
		return nil
	}
	c.gate.settle(v)
	return c.begin(conn)
}

// turnAway refuses a client for which there is no seat, or lets it go without a word when there is no room
// even for that.
func (c *serverCore) turnAway(v *guest, in link.Incoming, peer link.Peer) {
	if v.ctx.Err() != nil {
		in.Close()
		why := ErrTooManySessions
		if c.stopped() {
			why = ErrServerClosed
		}
		c.strangerLeft(peer, why)
		return
	}
	err := in.Refuse(v.ctx, wire.StatusInternalError)
	if err != nil {
		err = errors.Join(ErrTooManySessions, err)
	} else {
		err = &link.RefusedError{Status: wire.StatusInternalError, Err: ErrTooManySessions}
	}
	c.strangerLeft(peer, err)
}

// strangerLeft notes that a client has got no session.
func (c *serverCore) strangerLeft(peer link.Peer, err error) {
	c.refused.Add(1)
	c.emit(link.Event{Kind: link.EventRefuse, Peer: peer, Err: err})
}
