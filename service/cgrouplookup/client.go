package cgrouplookup

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

// Client asks for paths, any number of them with one call (spec 08, "Lookups at any size"). Like all clients it is
// safe for concurrent use; Refresh connects it.
//
// A call takes as many requests as it needs to stay within the limits of the session, sized by the answers so far; a
// client that needs many only because they are small asks for larger ones. Limits grow up to link.GrowthCeiling
// without configuration; for more, raise MaxRequestPayload of Config and of service.ServerConfig.
type Client struct {
	service.Control
	c *lookup.Client[string, cgrouplookup.Request, cgrouplookup.ResponseView, rules]
}

// Config configures a client: all that every client has, and Ceilings, which bounds what one call may take.
type Config = lookup.Config

// Ceilings bounds what one call may take: Keys (default 65,536), Calls (4,096) and Bytes of all items (64 MiB).
type Ceilings = lookup.Ceilings

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient(d link.Dialer, cfg Config) *Client {
	c := lookup.NewClient[string, cgrouplookup.Request, cgrouplookup.ResponseView, rules](d, cfg)
	return &Client{Control: c.Control, c: c}
}

// View asks for paths and passes the answer to use, on the caller's goroutine, under no lock: an item for each of them,
// in their order. The view dies when use returns; copy to keep. It allocates at most once for each request that it
// takes, and nothing where it has taken as many before. No paths at all are a call too: it brings the generation.
//
// All requests together wait at most until ctx ends, or for the client's Timeout if ctx has no deadline. All items
// are of one generation of what the provider knows, or there is no answer. Errors: those of service.Client.Call;
// ErrGeneration, ErrEcho and ErrNoProgress, which end the session; *CeilingError; codec.ErrBadLayout for an empty
// path, codec.ErrInteriorNUL. A path too long for any request is no error: its item says StatusOversizedItem.
//
// While use runs, the call occupies no place for requests under way: it may make others.
func (c *Client) View(ctx context.Context, paths []string, use func(AnswerView) error) error {
	return c.c.View(ctx, paths, func(a *answer) error { return use(AnswerView{a}) })
}

// Get asks for paths and makes dst an owned copy of the answer, as AnswerView.Clone does: dst's storage is reused, and
// the same answer again costs no allocation. After an error dst is what it was. What View says of waiting and of
// errors holds here too.
func (c *Client) Get(ctx context.Context, paths []string, dst *cgrouplookup.Response) error {
	return c.View(ctx, paths, func(v AnswerView) error {
		v.Clone(dst)
		return nil
	})
}
