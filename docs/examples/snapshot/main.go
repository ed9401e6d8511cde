// Snapshot is a provider of cgroups and a consumer with a cache, in one program: each half is what a program of
// its own would have.
//
//	go run ./docs/examples/snapshot
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

const name = "cgroups-snapshot"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stop, err := provide(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(ctx)) }()
	return consume(ctx, dir, out)
}

// provide serves two cgroups until stop is called, which lets calls in progress finish.
func provide(ctx context.Context, dir string) (stop func(context.Context) error, err error) {
	l, err := local.Listen(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	// The handler writes straight into the buffer that is sent.
	server := cgroupsnapshot.NewServer(l, service.ServerConfig{}, func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		out.SetGeneration(1)
		for _, unit := range []string{"ssh", "nginx"} {
			path := "/sys/fs/cgroup/system.slice/" + unit + ".service"
			if err := out.Add(payload.HashName(unit), 0, 1, unit, path); err != nil {
				return err
			}
		}
		return nil
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	return func(ctx context.Context) error {
		return errors.Join(server.Shutdown(ctx), <-served)
	}, nil
}

// consume keeps the provider's cgroups in a cache. A real consumer calls Refresh, or Run, for as long as it
// lives; the cache keeps what it has when the provider is away.
func consume(ctx context.Context, dir string, out io.Writer) error {
	d, err := local.NewDialer(dir, name)
	if err != nil {
		return err
	}
	cache := cgroups.New(d, cgroups.Config{})
	defer cache.Close()
	if err := cache.Refresh(ctx); err != nil {
		return err
	}
	for it := range cache.Snapshot().All() {
		fmt.Fprintln(out, it.Name(), it.Path())
	}
	// No I/O, no lock, no allocation:
	it, ok := cache.Lookup(payload.HashName("ssh"), "ssh")
	fmt.Fprintln(out, ok, it.Path())
	return nil
}
