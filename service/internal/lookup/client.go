package lookup

import (
	"context"
	"sync"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Client asks for any number of keys with one call. Like all clients it is safe for concurrent use.
type Client[K any, R Keys[K], V View[V], M Method[K, R, V]] struct {
	service.Control
	c        *service.Client[R, V, M]
	m        M
	ceilings Ceilings
	typical  typical
	refused  refused
	works    sync.Pool // of *work
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient[K any, R Keys[K], V View[V], M Method[K, R, V]](d link.Dialer, cfg Config) *Client[K, R, V, M] {
	c := service.NewClient[R, V, M](d, cfg.Config)
	return &Client[K, R, V, M]{Control: c.Control, c: c, ceilings: cfg.Ceilings.withDefaults()}
}

// View asks for keys and passes the answer to use, on the caller's goroutine, under no lock. The answer lies where it
// was received, occupies no place for requests under way, and dies when use returns.
func (c *Client[K, R, V, M]) View(ctx context.Context, keys R, use func(*Answer[V]) error) error {
	w, _ := c.works.Get().(*work[K, R, V, M])
	if w == nil {
		w = &work[K, R, V, M]{c: c}
		w.foresee = w.next
	}
	w.keys, w.sizes = keys, c.typical.load()
	defer func() {
		w.reset()
		c.works.Put(w)
	}()
	if err := w.gather(ctx); err != nil {
		return err
	}
	c.typical.store(&w.sizes)
	return use(&w.Answer)
}
