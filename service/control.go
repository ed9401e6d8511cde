package service

import "context"

// Control is the part of a client that does not depend on its method. Its methods are safe for concurrent use.
type Control struct{ c *core }

// Refresh connects a client that is not READY, reconnects one whose session is gone, and reports whether its
// state changed. It tries once. After AUTH_FAILED and INCOMPATIBLE it does not try again for 1 s, doubling up
// to 60 s, and returns the last error meanwhile.
func (c Control) Refresh(ctx context.Context) (changed bool, err error) {
	changed, err = c.c.refresh(ctx)
	return changed, err
}

// Ready reports whether calls are possible: one atomic load.
func (c Control) Ready() bool { return c.c.ready.Load() }

// Status returns what is known now.
func (c Control) Status() Status { return c.c.status() }

// Abort ends all calls, blocked ones at once, with ErrAborted, and stays in force for new ones until
// ClearAbort. Sessions live on.
func (c Control) Abort() { c.c.setAbort() }

// ClearAbort lets calls go on after Abort.
func (c Control) ClearAbort() { c.c.clearAbort() }

// Close ends the client: its session, its calls (ErrClosed), and what goroutines it had. It may be called any
// number of times, and always returns nil.
func (c Control) Close() error { return c.c.close() }
