// Own-cache keeps what a service of a user's own says at hand: owners.go is the cache of ip-to-asn, the service of
// examples/own-service; here it is used.
//
//	go run ./docs/examples/own-cache
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/docs/examples/own-service/ipasn"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	one = netip.MustParseAddr("192.0.2.7")
	two = netip.MustParseAddr("2001:db8::1")
)

func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var sold atomic.Bool // what changes at the provider
	stop, err := provide(ctx, dir, &sold)
	if err != nil {
		return err
	}
	d, err := local.NewDialer(dir, ipasn.ServiceName)
	if err != nil {
		return errors.Join(err, stop())
	}

	// A real consumer calls Refresh, or Run, for as long as it lives.
	owners := cache.New(source{ipasn.NewClient(d, service.Config{}), []netip.Addr{one, two}}, cache.Config{})
	defer owners.Close()
	if err := owners.Refresh(ctx); err != nil {
		return errors.Join(err, stop())
	}
	before := owners.Snapshot()
	fmt.Fprintln(out, "owner of", one, "is", (*before.Value())[one].Name)

	err = owners.Refresh(ctx)
	fmt.Fprintln(out, "refreshed once more:", owners.Status().Unchanged, "of", owners.Status().Refreshes, "brought nothing new")

	sold.Store(true)
	err = errors.Join(err, owners.Refresh(ctx))
	for _, c := range cache.Diff(*before.Value(), *owners.Value()).Changed {
		fmt.Fprintln(out, c.New.Key, "went from", c.Old.Value.Name, "to", c.New.Value.Name)
	}

	err = errors.Join(err, stop())
	if owners.Refresh(ctx) != nil {
		fmt.Fprintln(out, "the provider is gone; owner of", one, "is", (*owners.Value())[one].Name)
	}
	return err
}

// provide serves ip-to-asn until stop is called.
func provide(ctx context.Context, dir string, sold *atomic.Bool) (stop func() error, err error) {
	l, err := local.Listen(ctx, dir, ipasn.ServiceName)
	if err != nil {
		return nil, err
	}
	server := ipasn.NewServer(l, service.ServerConfig{}, func(_ context.Context, a netip.Addr, out *ipasn.Builder) error {
		if a == one && !sold.Load() {
			return out.Set(64496, "Example One")
		}
		return out.Set(64511, "Example Two")
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	return func() error { return errors.Join(server.Shutdown(ctx), <-served) }, nil
}
