// Increment is a managed server and a typed client: single calls, a batch, many goroutines that share the client, and
// an end in good order.
//
//	go run ./docs/examples/increment
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

const name = "increment"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	l, err := local.Listen(ctx, dir, name)
	if err != nil {
		return err
	}
	server := increment.NewServer(l, service.ServerConfig{}, func(_ context.Context, v uint64) (uint64, error) {
		return v + 1, nil
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()

	err = call(ctx, dir, out)

	// Calls in progress get their answers; those that take longer than this are cut off.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(ctx), <-served)
	fmt.Fprintln(out, "sessions at the end:", server.Status().Sessions)
	return err
}

func call(ctx context.Context, dir string, out io.Writer) error {
	d, err := local.NewDialer(dir, name)
	if err != nil {
		return err
	}
	// Without the proposal the first batch would make the client reconnect with a limit that fits it.
	client := increment.NewClient(d, service.Config{Proposal: link.Proposal{RequestItems: 16}})
	defer client.Close()
	if _, err := client.Refresh(ctx); err != nil {
		return err
	}

	// One call. It is bounded by its context, or by Config.Timeout if that has no deadline.
	v, err := client.Call(ctx, 41)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "single:", v)

	// One message for all of them, answered in order.
	batch := []uint64{1, 2, 3}
	if err := client.CallBatch(ctx, batch, batch); err != nil {
		return err
	}
	fmt.Fprintln(out, "batch:", batch)

	right, err := crowd(ctx, client, 8, 100)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "concurrent, right answers:", right)

	s := client.Status()
	fmt.Fprintln(out, "state:", s.State, "calls:", s.Calls, "errors:", s.Errors, "sessions:", s.Connects)
	return nil
}

// crowd calls from many goroutines at once and counts the right answers. All share one client and its one session,
// and each gets its own answers.
func crowd(ctx context.Context, client *increment.Client, goroutines, calls int) (right int, err error) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for g := range goroutines {
		wg.Go(func() {
			ok, failed := 0, error(nil)
			for i := range calls {
				v := uint64(g*calls + i)
				got, err := client.Call(ctx, v)
				if err != nil {
					failed = err
					break
				}
				if got == v+1 {
					ok++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			right += ok
			err = errors.Join(err, failed)
		})
	}
	wg.Wait()
	return right, err
}
