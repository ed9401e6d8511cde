package increment

import (
	"context"
	"fmt"
	"io"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Client calls INCREMENT. Like all clients it is safe for concurrent use; Refresh connects it.
type Client struct {
	service.Control
	c *service.Client[uint64, uint64, Method]
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient(d link.Dialer, cfg service.Config) *Client {
	c := service.NewClient[uint64, uint64, Method](d, cfg)
	return &Client{Control: c.Control, c: c}
}

// Call sends v and returns the answer. It allocates nothing. Waiting, errors and the effect of ctx are those of
// service.Client.Call.
func (c *Client) Call(ctx context.Context, v uint64) (uint64, error) {
	var answer uint64
	err := c.c.Call(ctx, v, func(w uint64) error { answer = w; return nil })
	return answer, err
}

// CallBatch sends all of in as one message and puts the answers into out, in order: the first len(in) of it, or
// after an error none. It allocates nothing once the session's buffers have grown to the size of the batch.
// Waiting, errors and the effect of ctx are those of service.Client.CallBatch; beside them io.ErrShortBuffer
// when out is shorter than in. in and out may be the same slice.
func (c *Client) CallBatch(ctx context.Context, in, out []uint64) error {
	if len(out) < len(in) {
		return fmt.Errorf("increment: room for %d answers to %d requests: %w", len(out), len(in), io.ErrShortBuffer)
	}
	return c.c.CallBatch(ctx, in, func(i int, v uint64) error { out[i] = v; return nil })
}
