package cgroups

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// ErrTooLarge: the snapshot would take more memory than Config.MaxBytes.
var ErrTooLarge = errors.New("the snapshot is too large")

// Cache holds the latest snapshot. It is safe for concurrent use; readers neither wait for a refresh nor delay
// one.
type Cache struct {
	control service.Control
	cache   *cache.Cache[content]
	current atomic.Pointer[cache.Snapshot[content]] // cache stores here
}

// New returns a cache of what the provider at the endpoint of d says. It does no I/O and needs no provider. Close
// ends it.
func New(d link.Dialer, cfg Config) *Cache {
	cfg = cfg.withDefaults()
	client := newClient(d, cfg)
	return newCache(client, client.Control, cache.Config{Jitter: cfg.Jitter, MaxBackoff: cfg.MaxBackoff})
}

func newCache(s cache.Source[content], control service.Control, cfg cache.Config) *Cache {
	c := &Cache{control: control}
	c.cache = cache.NewAt(&c.current, s, cfg)
	return c
}

// Client returns the client that the cache asks with: its Status says what there is to know about the session,
// and its Abort ends a Refresh.
func (c *Cache) Client() service.Control { return c.control }

// Close ends the client, and a Refresh with it. The data stay. It always returns nil.
func (c *Cache) Close() error { return c.control.Close() }

// Refresh asks for the whole snapshot and publishes it. It connects first when the client has no session, so
// that calling it in a loop is all it takes to follow a provider that comes and goes. It tries once: whether and
// when to try again is the caller's decision. After an error the cache holds what it held.
//
// It waits for other refreshes of this cache, which come one after the other, and for the provider; at most
// until ctx ends, or for the client's Timeout if ctx has no deadline. The client's Abort and Close end it.
// Errors: those of service.Client's Refresh and Call, which name the endpoint; among them service.ErrMalformed
// for an answer that makes no sense, which ends the session too; and ErrTooLarge.
func (c *Cache) Refresh(ctx context.Context) error { return c.cache.Refresh(ctx) }

// Run refreshes at once and then again and again until ctx ends, for those who have no loop of their own; see
// cache.Cache for what it waits for. It returns the cause of ctx, or service.ErrClosed when the cache was closed;
// nothing else ends it. One Run a cache is enough.
func (c *Cache) Run(ctx context.Context, interval time.Duration) error {
	return c.cache.Run(ctx, interval)
}

// Snapshot returns the latest snapshot: one atomic load. Nil, which is a snapshot without items, before the
// first success.
func (c *Cache) Snapshot() *Snapshot { return (*Snapshot)(c.current.Load()) }

// Ready reports whether there is data, however old: whether any refresh has succeeded.
func (c *Cache) Ready() bool { return c.current.Load() != nil }

// Lookup returns an item of the latest snapshot by its identity. It does no I/O, takes no lock and allocates
// nothing. Lookups that have to agree with one another belong on one Snapshot.
func (c *Cache) Lookup(hash uint32, name string) (it Item, ok bool) {
	it, ok = lookup(c.current.Load(), hash, name) // inlined as it stands, and hardly more than that
	return
}

// Status is a moment in a cache's life. That of its client says what there is to know about the session.
type Status struct {
	cache.Status
	Items int
}

// Status returns what is known now.
func (c *Cache) Status() Status {
	s, status := c.cache.Look()
	return Status{status, (*Snapshot)(s).Len()}
}
