package lookup_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// unknowing serves a provider that knows nothing, and notes what it was asked.
func unknowing(tb testing.TB, e *servicetest.Endpoint, cfg service.ServerConfig, asked func(pids []uint32)) (stop func()) {
	tb.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	var mu sync.Mutex
	return servicetest.Serve(tb, applookup.NewServer(e.MustListen(tb), cfg, func(_ context.Context, req payload.RequestView, out *payload.Builder) error {
		mu.Lock()
		defer mu.Unlock()
		var pids payload.Request
		req.Clone(&pids)
		asked(pids)
		for range pids {
			out.Unknown()
		}
		return out.Err()
	}))
}

// newGrowing is a client without configuration, of a provider that takes requests of up to so many bytes.
func newGrowing(tb testing.TB, request uint32) *rig {
	tb.Helper()
	e := servicetest.NewEndpoint()
	r := &rig{}
	unknowing(tb, e, service.ServerConfig{MaxRequestPayload: request}, func(pids []uint32) { r.note(pids) })
	r.Client = applookup.NewClient(e.Dialer(), applookup.Config{})
	tb.Cleanup(func() { r.Close() })
	if _, err := r.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return r
}

func proposal(request uint32) link.Proposal { return link.Proposal{RequestPayload: request} }

// newShrinking is a provider that can be stopped.
func newShrinking(tb testing.TB, request uint32) (*servicetest.Endpoint, func()) {
	tb.Helper()
	e := servicetest.NewEndpoint()
	return e, unknowing(tb, e, service.ServerConfig{MaxRequestPayload: request}, func([]uint32) {})
}

// newShrunk is the provider that comes in its place, with less room for answers.
func newShrunk(tb testing.TB, e *servicetest.Endpoint, request, response uint32) {
	tb.Helper()
	unknowing(tb, e, service.ServerConfig{MaxRequestPayload: request, MaxResponsePayload: response}, func([]uint32) {})
}
