// Lookup is a provider of cgroups and a client that asks for many of them at once, in one program: each half is what
// a program of its own would have.
//
//	go run ./docs/examples/lookup
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	payload "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/local"
)

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
	return ask(ctx, dir, out)
}

// path is that of one of the containers of this example.
func path(i int) string { return fmt.Sprintf("/system.slice/docker-%05d.scope", i) }

// provide serves ten thousand containers until stop is called, which lets calls in progress finish.
func provide(ctx context.Context, dir string) (stop func(context.Context) error, err error) {
	known := map[string]payload.Item{}
	for i := range 10_000 {
		known[path(i)] = payload.Item{
			Name:         fmt.Sprintf("web-%d", i),
			Orchestrator: payload.OrchestratorDocker,
			Labels:       []payload.Label{{Key: "image", Value: "nginx:1.29"}},
		}
	}
	l, err := local.Listen(ctx, dir, cgrouplookup.ServiceName)
	if err != nil {
		return nil, err
	}
	// The handler writes straight into the buffer that is sent. What does not fit is the builder's business.
	server := cgrouplookup.NewServer(l, service.ServerConfig{}, func(_ context.Context, req payload.RequestView, out *payload.Builder) error {
		out.SetGeneration(1)
		for _, path := range req.All() {
			var err error
			if it, ok := known[string(path.Bytes())]; ok {
				err = out.Add(it)
			} else {
				err = out.Unknown(payload.StatusUnknownPermanent)
			}
			if err != nil || out.Full() {
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

// ask asks for all of them with one call, and for one that there is not.
func ask(ctx context.Context, dir string, out io.Writer) error {
	d, err := local.NewDialer(dir, cgrouplookup.ServiceName)
	if err != nil {
		return err
	}
	client := cgrouplookup.NewClient(d, cgrouplookup.Config{})
	defer client.Close()
	if _, err := client.Refresh(ctx); err != nil {
		return err
	}
	var paths []string
	for i := range 10_001 {
		paths = append(paths, path(i))
	}
	// Borrowed: what is passed to the function dies when it returns.
	err = client.View(ctx, paths, func(v cgrouplookup.AnswerView) error {
		known := 0
		for _, it := range v.All() {
			if it.Status() == payload.StatusKnown {
				known++
			}
		}
		last := v.Item(v.Len() - 1)
		fmt.Fprintln(out, v.Len(), "items,", known, "known; the last is", last.Status())
		return nil
	})
	if err != nil {
		return err
	}
	// Owned: it stays, and its storage is used again by the next call.
	var answer payload.Response
	if err := client.Get(ctx, paths[42:44], &answer); err != nil {
		return err
	}
	for _, it := range answer.Items {
		fmt.Fprintln(out, it.Path, it.Name, it.Labels)
	}
	return nil
}
