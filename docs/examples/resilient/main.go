// Resilient is a consumer that lives through its provider: one that starts late, restarts, vanishes and comes back.
// The consumer does the same thing all the time and never asks why.
//
//	go run ./docs/examples/resilient
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

const name = "resilient"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// consumer is what a program keeps for as long as it lives.
type consumer struct {
	client *increment.Client
	value  uint64 // what it knows; kept while the provider is away
}

// tick is one round of the consumer's loop, which a real one runs from a ticker:
//
//	for range time.Tick(time.Second) {
//		if err := c.tick(ctx); err != nil && ctx.Err() != nil {
//			return
//		}
//	}
func (c *consumer) tick(ctx context.Context) error {
	// Connects if there is no session, and does nothing if there is one. It tries once: how often is decided by
	// whoever calls, there is no goroutine behind it.
	if _, err := c.client.Refresh(ctx); err != nil {
		return err
	}
	// A session that broke meanwhile is replaced within the call, and the request sent again: a provider that was
	// restarted goes unnoticed.
	v, err := c.client.Call(ctx, c.value)
	if err != nil {
		return err
	}
	c.value = v
	return nil
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := local.NewDialer(dir, name)
	if err != nil {
		return err
	}
	// No I/O yet, and no provider either.
	c := &consumer{client: increment.NewClient(d, service.Config{})}
	defer c.client.Close()

	p := &provider{dir: dir}
	defer func() { err = errors.Join(err, p.stop(ctx)) }()

	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"before the provider", nil},
		{"provider started", p.start},
		{"nothing happened", nil},
		{"provider restarted", p.restart},
		{"provider stopped", p.stop},
		{"still away", nil},
		{"provider back", p.start},
	} {
		if step.do != nil {
			if err := step.do(ctx); err != nil {
				return err
			}
		}
		err := c.tick(ctx)
		fmt.Fprintf(out, "%s: ok=%t value=%d state=%v\n", step.what, err == nil, c.value, c.client.Status().State)
	}
	s := c.client.Status()
	fmt.Fprintf(out, "%d sessions, %d of them after the first\n", s.Connects, s.Reconnects)
	return nil
}

// provider is a program that comes and goes.
type provider struct {
	dir    string
	server *increment.Server // nil while it is away
	served chan error
}

func (p *provider) start(ctx context.Context) error {
	l, err := local.Listen(ctx, p.dir, name)
	if err != nil {
		return err
	}
	p.server = increment.NewServer(l, service.ServerConfig{}, increment.Next)
	p.served = make(chan error, 1)
	go func(s *increment.Server) { p.served <- s.Serve(ctx) }(p.server)
	return nil
}

func (p *provider) stop(ctx context.Context) error {
	if p.server == nil {
		return nil
	}
	err := errors.Join(p.server.Shutdown(ctx), <-p.served)
	p.server = nil
	return err
}

func (p *provider) restart(ctx context.Context) error {
	if err := p.stop(ctx); err != nil {
		return err
	}
	return p.start(ctx)
}
