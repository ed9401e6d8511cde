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
	answers  sync.Pool // of *Answer[V]
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient[K any, R Keys[K], V View[V], M Method[K, R, V]](d link.Dialer, cfg Config) *Client[K, R, V, M] {
	c := service.NewClient[R, V, M](d, cfg.Config)
	return &Client[K, R, V, M]{Control: c.Control, c: c, ceilings: cfg.Ceilings.withDefaults()}
}

// View asks for keys and passes the answer to use, on the caller's goroutine, under no lock. The answer dies when use
// returns. The answer lies where it was received.
func (c *Client[K, R, V, M]) View(ctx context.Context, keys R, use func(*Answer[V]) error) error {
	a, _ := c.answers.Get().(*Answer[V])
	if a == nil {
		a = new(Answer[V])
	}
	w := work[K, R, V, M]{c: c, keys: keys, a: a, sizes: c.typical.load()}
	defer func() {
		w.series.End()
		w.whole.Release()
		a.reset()
		c.answers.Put(a)
	}()
	if err := w.gather(ctx); err != nil {
		return err
	}
	c.typical.store(&w.sizes)
	return use(a)
}
