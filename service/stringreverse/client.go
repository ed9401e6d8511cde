package stringreverse

import (
	"context"
	"fmt"
	"io"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Client calls STRING_REVERSE. Like all clients it is safe for concurrent use; Refresh connects it. Strings may hold
// any bytes, NULs too.
//
// Limits grow with what is asked, up to link.GrowthCeiling without configuration; for more, raise MaxRequestPayload
// and MaxResponsePayload of service.Config and of service.ServerConfig.
type Client struct {
	service.Control
	c *service.Client[string, codec.StrView, Method]
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient(d link.Dialer, cfg service.Config) *Client {
	c := service.NewClient[string, codec.StrView, Method](d, cfg)
	return &Client{Control: c.Control, c: c}
}

// Call sends s and returns the answer, an owned string: the only allocation there is. Waiting, errors and the effect
// of ctx are those of service.Client.Call.
func (c *Client) Call(ctx context.Context, s string) (string, error) {
	var answer string
	err := c.View(ctx, s, func(v codec.StrView) error { answer = v.String(); return nil })
	return answer, err
}

// View sends s and passes the answer to use, on the caller's goroutine, under no lock. The view dies when use
// returns; copy to keep. It allocates nothing. Waiting, errors and the effect of ctx are those of
// service.Client.Call.
func (c *Client) View(ctx context.Context, s string, use func(codec.StrView) error) error {
	return c.c.Call(ctx, s, use)
}

// Acquire sends s and lends the answer until the lease is released, which occupies one of the session's places for
// requests under way. Waiting, errors and the effect of ctx are those of service.Client.Call.
func (c *Client) Acquire(ctx context.Context, s string) (service.Lease[codec.StrView], error) {
	return c.c.Acquire(ctx, s)
}

// CallBatch sends all of in as one message and puts the answers into out, in order: the first len(in) of it, or
// after an error none. It allocates the answers, nothing else. Waiting, errors and the effect of ctx are those of
// service.Client.CallBatch; beside them io.ErrShortBuffer when out is shorter than in. in and out may be the same
// slice.
func (c *Client) CallBatch(ctx context.Context, in, out []string) error {
	if len(out) < len(in) {
		return fmt.Errorf("stringreverse: room for %d answers to %d requests: %w", len(out), len(in), io.ErrShortBuffer)
	}
	return c.ViewBatch(ctx, in, func(i int, v codec.StrView) error { out[i] = v.String(); return nil })
}

// ViewBatch sends all of in as one message and passes the answers to use, in order, as View does. All of them have
// been judged before the first one is passed on. Views die when ViewBatch returns; copy to keep. It allocates nothing
// once the session's buffers have grown to the size of the batch. Waiting, errors and the effect of ctx are those of
// service.Client.CallBatch.
func (c *Client) ViewBatch(ctx context.Context, in []string, use func(i int, v codec.StrView) error) error {
	return c.c.CallBatch(ctx, in, use)
}
