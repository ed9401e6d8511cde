package cache

import (
	"sync"
	"sync/atomic"
)

// Cache holds the latest value. It is safe for concurrent use; readers neither wait for a refresh nor delay one.
type Cache[T any] struct {
	cfg     Config
	source  Source[T]
	current *atomic.Pointer[Snapshot[T]]
	turn    chan struct{} // the right to refresh: taken by putting a token in

	mu     sync.Mutex
	counts counts
}

// New returns a cache of what s brings. It does no I/O and needs no provider. Close ends it.
func New[T any](s Source[T], cfg Config) *Cache[T] {
	return NewAt(new(atomic.Pointer[Snapshot[T]]), s, cfg)
}

// NewAt is New for those who want to load the latest snapshot by themselves, in a lookup that is to be inlined: the cache
// publishes in at. Nobody else may store there, and nothing is there yet.
func NewAt[T any](at *atomic.Pointer[Snapshot[T]], s Source[T], cfg Config) *Cache[T] {
	return &Cache[T]{cfg: cfg.withDefaults(), source: s, current: at, turn: make(chan struct{}, 1)}
}

// Close ends the source, and a Refresh with it. The data stay.
func (c *Cache[T]) Close() error { return c.source.Close() }

// Snapshot returns the latest snapshot: one atomic load. Nil before the first success.
func (c *Cache[T]) Snapshot() *Snapshot[T] { return c.current.Load() }

// Value returns the latest value, nil before the first success. It is shared by all that read it: nobody may change
// it. Reads that have to agree with one another belong on one value.
func (c *Cache[T]) Value() *T { return c.current.Load().Value() }

// Ready reports whether there is data, however old: whether any refresh has succeeded.
func (c *Cache[T]) Ready() bool { return c.current.Load() != nil }
