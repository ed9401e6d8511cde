package cgroupsnapshot

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Client asks for snapshots. Like all clients it is safe for concurrent use; Refresh connects it.
//
// A snapshot is one message, however large. Without configuration both sides let answers grow to
// link.GrowthCeiling; for more, raise MaxResponsePayload of service.Config and of service.ServerConfig.
//
// Whoever wants to look things up in the latest snapshot finds a cache in package snapshot/cgroups.
type Client struct {
	service.Control
	c *service.Client[cgroupsnapshot.Request, cgroupsnapshot.ResponseView, Method]
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient(d link.Dialer, cfg service.Config) *Client {
	c := service.NewClient[cgroupsnapshot.Request, cgroupsnapshot.ResponseView, Method](d, cfg)
	return &Client{Control: c.Control, c: c}
}

// Get asks for a snapshot and makes dst an owned copy of it, as ResponseView.Clone does: dst's storage is
// reused, and the same snapshot again costs no allocation. After an error dst is what it was. Waiting, errors
// and the effect of ctx are those of service.Client.Call.
func (c *Client) Get(ctx context.Context, dst *cgroupsnapshot.Snapshot) error {
	return c.View(ctx, func(v cgroupsnapshot.ResponseView) error {
		v.Clone(dst)
		return nil
	})
}

// View asks for a snapshot and passes it to use, on the caller's goroutine, under no lock. The view dies when
// use returns; copy to keep. It allocates nothing. Waiting, errors and the effect of ctx are those of
// service.Client.Call.
func (c *Client) View(ctx context.Context, use func(cgroupsnapshot.ResponseView) error) error {
	return c.c.Call(ctx, cgroupsnapshot.Request{}, use)
}

// Acquire asks for a snapshot and lends it until the lease is released, which occupies one of the session's
// places for requests under way. Waiting, errors and the effect of ctx are those of service.Client.Call.
func (c *Client) Acquire(ctx context.Context) (service.Lease[cgroupsnapshot.ResponseView], error) {
	return c.c.Acquire(ctx, cgroupsnapshot.Request{})
}
