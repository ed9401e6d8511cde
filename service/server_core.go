package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
)

// serverCore is the part of a server that knows no types: its life, and who is served.
type serverCore struct {
	listener    link.Listener
	cfg         ServerConfig
	code        uint16
	batchable   bool
	newAnswerer func() answerer
	gate        *gate
	ceiling     ceiling
	lastID      atomic.Uint64 // of sessions
	refused     atomic.Uint64 // clients without a session
	violations  atomic.Uint64

	stopping chan struct{} // closed when no more clients are taken in
	done     chan struct{} // closed when everything has ended, or was given up

	mu        sync.Mutex
	phase     serverPhase
	base      context.Context // of handlers, while serving
	cancel    context.CancelCauseFunc
	live      int // goroutines of this server, and of others inside stop
	sessions  map[*serverSession]struct{}
	total     uint64 // sessions that there were
	past      tally  // of sessions that have ended
	listenErr error  // of listener.Close
}

type serverPhase uint8

const (
	serverNew serverPhase = iota
	serverServing
	serverStopping // no clients are taken in; calls in progress may finish
	serverClosing  // nothing may finish
)

// handlerGrace is how long Close waits for handlers that have been told to end.
const handlerGrace = time.Second

func newServerCore(l link.Listener, cfg ServerConfig, code codec.Method, batchable bool, newAnswerer func() answerer) *serverCore {
	cfg = cfg.withDefaults()
	c := &serverCore{
		listener:    l,
		cfg:         cfg,
		code:        uint16(code),
		batchable:   batchable,
		newAnswerer: newAnswerer,
		gate:        newGate(cfg.MaxSessions),
		stopping:    make(chan struct{}),
		done:        make(chan struct{}),
		sessions:    make(map[*serverSession]struct{}),
	}
	c.ceiling.init(cfg.StartResponsePayload, cfg.MaxResponsePayload)
	return c
}

func (c *serverCore) serve(ctx context.Context) error {
	c.mu.Lock()
	switch c.phase {
	case serverServing:
		c.mu.Unlock()
		return ErrServing
	case serverStopping, serverClosing:
		c.mu.Unlock()
		<-c.done
		return nil
	}
	c.phase = serverServing
	c.base, c.cancel = context.WithCancelCause(ctx)
	base := c.base
	c.live++
	c.mu.Unlock()

	err := c.acceptAll(base)
	c.exit()
	if err != nil || ctx.Err() != nil {
		c.close()
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		c.close()
		<-c.done
	}
	return err
}

// stop is the first half of every end: nobody is taken in any more, and whoever is idle goes. A server that
// was never served is done with that.
func (c *serverCore) stop(to serverPhase) {
	c.mu.Lock()
	first := c.phase < serverStopping
	c.phase = max(c.phase, to)
	c.live++
	if first {
		close(c.stopping)
	}
	all := make([]*serverSession, 0, len(c.sessions))
	for s := range c.sessions {
		all = append(all, s)
	}
	c.mu.Unlock()

	if first {
		c.gate.close()
		err := c.listener.Close()
		c.mu.Lock()
		c.listenErr = err
		c.mu.Unlock()
	}
	for _, s := range all {
		s.leave(to == serverClosing)
	}
	if to == serverClosing {
		c.cancelAll()
	}
	c.exit()
}

// cancelAll ends the contexts of handlers that were not reached otherwise.
func (c *serverCore) cancelAll() {
	c.mu.Lock()
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel(ErrServerClosed)
	}
}

// stopped reports whether the server has been told to end.
func (c *serverCore) stopped() bool {
	select {
	case <-c.stopping:
		return true
	default:
		return false
	}
}

func (c *serverCore) shutdown(ctx context.Context) error {
	c.stop(serverStopping)
	select {
	case <-c.done:
		return c.endErr()
	default:
	}
	select {
	case <-c.done:
		return c.endErr()
	case <-ctx.Done():
		if err := c.close(); err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		return context.Cause(ctx)
	}
}

func (c *serverCore) close() error {
	c.stop(serverClosing)
	grace := time.NewTimer(handlerGrace)
	defer grace.Stop()
	select {
	case <-c.done:
	case <-grace.C:
		c.giveUp()
	}
	return c.endErr()
}

// giveUp ends the wait for handlers. What their sessions hold is freed, unless it is what the handler writes
// to: then Close, and whoever calls it, waits for the handler.
func (c *serverCore) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.sessions {
		go s.conn.Close()
	}
	c.finish()
}

// endErr is what Shutdown and Close return after done.
func (c *serverCore) endErr() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sessions) > 0 {
		return ErrHandlersRunning
	}
	return c.listenErr
}

// enter counts a goroutine; it reports false when the server no longer takes in anybody.
func (c *serverCore) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != serverServing {
		return false
	}
	c.live++
	return true
}

// exit is the last thing that a goroutine of the server does.
func (c *serverCore) exit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live--
	if c.live == 0 && c.phase >= serverStopping {
		c.finish()
	}
}

// finish ends the wait for the end. c.mu is held.
func (c *serverCore) finish() {
	select {
	case <-c.done:
	default:
		close(c.done)
	}
}
