package cgroups

import (
	"errors"
	"sync"
	"sync/atomic"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// ErrTooLarge: the snapshot would take more memory than Config.MaxBytes.
var ErrTooLarge = errors.New("the snapshot is too large")

// Cache holds the latest snapshot. It is safe for concurrent use; readers neither wait for a refresh nor delay
// one.
type Cache struct {
	cfg      Config
	control  service.Control
	provider provider
	current  atomic.Pointer[Snapshot]
	turn     chan struct{} // the right to refresh: taken by putting a token in

	mu     sync.Mutex
	counts counts
}

// New returns a cache of what the provider at the endpoint of d says. It does no I/O and needs no provider. Close
// ends it.
func New(d link.Dialer, cfg Config) *Cache {
	client := service.NewClient[payload.Request, answer, method](d, cfg.Client)
	return newCache(client, client.Control, cfg)
}

func newCache(p provider, control service.Control, cfg Config) *Cache {
	return &Cache{cfg: cfg.withDefaults(), control: control, provider: p, turn: make(chan struct{}, 1)}
}

// Client returns the client that the cache asks with: its Status says what there is to know about the session,
// and its Abort ends a Refresh.
func (c *Cache) Client() service.Control { return c.control }

// Close ends the client, and a Refresh with it. The data stay. It always returns nil.
func (c *Cache) Close() error { return c.control.Close() }

// Snapshot returns the latest snapshot: one atomic load. Nil, which is a snapshot without items, before the
// first success.
func (c *Cache) Snapshot() *Snapshot { return c.current.Load() }

// Ready reports whether there is data, however old: whether any refresh has succeeded.
func (c *Cache) Ready() bool { return c.current.Load() != nil }

// Lookup returns an item of the latest snapshot by its identity. It does no I/O, takes no lock and allocates
// nothing. Lookups that have to agree with one another belong on one Snapshot.
func (c *Cache) Lookup(hash uint32, name string) (it Item, ok bool) {
	ok = c.current.Load().lookup(hash, name, &it) >= 0 // inlined as it stands, and hardly more than that
	return
}
