// Producer is a provider of cgroups whose list is slow to make: it is made in the background and encoded once, and
// requests are answered at once with what there is. A consumer asks it while a list is being made.
//
//	go run ./docs/examples/producer
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/snapshot/recompute"
)

const name = "cgroups-snapshot"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// units is what the producer lists. It lists as long as it is told to.
type units struct {
	names []string
	slow  chan struct{} // nil: the list is made at once; else when it is closed
}

// list is the slow part. A real one walks /sys/fs/cgroup.
func (u *units) list(ctx context.Context, prev *recompute.Snapshot[payload.Snapshot]) (payload.Snapshot, error) {
	if prev != nil { // all but the first one
		select {
		case <-u.slow:
		case <-ctx.Done():
			return payload.Snapshot{}, context.Cause(ctx)
		}
	}
	var s payload.Snapshot
	for _, unit := range u.names[:prev.Next()] { // one more each time
		s.Items = append(s.Items, payload.Item{
			Hash: payload.HashName(unit), Enabled: 1, Name: unit, Path: "/sys/fs/cgroup/system.slice/" + unit + ".service",
		})
	}
	return s, nil
}

// produce returns the list that is made in the background.
func produce(u *units) *recompute.Recomputer[payload.Snapshot] {
	return recompute.New(recompute.Config[payload.Snapshot]{
		Name:     "cgroups",
		Interval: time.Hour, // so that the example decides when; a second is more usual
		Timeout:  time.Minute,
		// What has not changed is neither encoded nor published again.
		Equal: func(old, new payload.Snapshot) bool { return old.Equal(new) },
		// Once a generation, and under the generation that consumers see.
		Encode: func(s *recompute.Snapshot[payload.Snapshot]) ([]byte, error) {
			return cgroupsnapshot.Encode(s.Value, s.Gen)
		},
		OnEvent: func(_ context.Context, e recompute.Event) {
			if e.Err != nil {
				fmt.Fprintln(os.Stderr, e.Err)
			}
		},
	}, u.list)
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	u := &units{names: []string{"ssh", "nginx", "cron"}, slow: make(chan struct{})}
	r := produce(u)
	if err := r.Start(ctx); err != nil { // there is a first list
		return err
	}
	defer func() { err = errors.Join(err, r.Stop(ctx)) }()

	l, err := local.Listen(ctx, dir, name)
	if err != nil {
		return err
	}
	// The handler is one atomic load, and the copy into the buffer that is sent.
	server := cgroupsnapshot.NewServer(l, service.ServerConfig{}, cgroupsnapshot.Encoded(r.Encoded))
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	defer func() { err = errors.Join(err, server.Shutdown(ctx), <-served) }()

	d, err := local.NewDialer(dir, name)
	if err != nil {
		return err
	}
	c := cgroupsnapshot.NewClient(d, service.Config{})
	defer c.Close()
	if _, err := c.Refresh(ctx); err != nil {
		return err
	}
	r.Nudge() // something has changed: a list is being made from now on
	if err := show(ctx, c, out, "while a list is being made"); err != nil {
		return err
	}
	close(u.slow)
	for s := range r.Watch(ctx) {
		if s.Gen > 1 {
			break
		}
	}
	return show(ctx, c, out, "afterwards")
}

// show asks for the list and prints it.
func show(ctx context.Context, c *cgroupsnapshot.Client, out io.Writer, when string) error {
	return c.View(ctx, func(v payload.ResponseView) error {
		fmt.Fprintf(out, "%s, generation %d:", when, v.Generation())
		for i := range v.Len() {
			fmt.Fprintf(out, " %s", v.Item(i).Name())
		}
		fmt.Fprintln(out)
		return nil
	})
}
