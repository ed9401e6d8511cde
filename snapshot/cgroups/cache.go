package cgroups

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

// ErrTooLarge: the snapshot would take more memory than Config.MaxBytes.
var ErrTooLarge = errors.New("the snapshot is too large")

// Cache holds the latest snapshot. It is safe for concurrent use; readers neither wait for a refresh nor delay
// one.
type Cache struct {
	provider provider
	cfg      Config
	current  atomic.Pointer[Snapshot]
	turn     chan struct{} // the right to refresh: taken by putting a token in

	mu     sync.Mutex
	counts counts
}

// provider is what a cache needs of its client.
type provider interface {
	Ready() bool
	Refresh(context.Context) (changed bool, err error)
	View(context.Context, func(payload.ResponseView) error) error
}

var _ provider = (*cgroupsnapshot.Client)(nil)

// New returns a cache of what client's provider says. It does no I/O and needs no provider. The client stays the
// caller's: to abort a refresh, to look at, to use for other things, and to close. Its MaxResponsePayload must
// have room for the largest snapshot.
func New(client *cgroupsnapshot.Client, cfg Config) *Cache { return newCache(client, cfg) }

func newCache(p provider, cfg Config) *Cache {
	return &Cache{provider: p, cfg: cfg.withDefaults(), turn: make(chan struct{}, 1)}
}

// Snapshot returns the latest snapshot: one atomic load. Nil, which is a snapshot without items, before the
// first success.
func (c *Cache) Snapshot() *Snapshot { return c.current.Load() }

// Ready reports whether there is data, however old: whether any refresh has succeeded.
func (c *Cache) Ready() bool { return c.current.Load() != nil }

// Lookup returns an item of the latest snapshot by its identity. It does no I/O, takes no lock and allocates
// nothing. Lookups that have to agree with one another belong on one Snapshot.
func (c *Cache) Lookup(hash uint32, name string) (it Item, ok bool) {
	ok = c.current.Load().lookup(hash, name, &it) >= 0
	return
}
