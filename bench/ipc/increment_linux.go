package ipc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// serveIncrement serves INCREMENT over nothing but the profile.
func serveIncrement(o orders) error {
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: config(o.RunDir)})
	if err != nil {
		return err
	}
	return increment.NewServer(l, service.ServerConfig{Supported: o.Profile}, increment.Next).Serve(context.Background())
}

// typed measures typed calls.
func typed(t Transport, how chain) sampler {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return typedWith(ctx, d, where, t, roleIncrement, how)
	}
}

// typedOfDeployed measures typed calls of a deployed server.
func typedOfDeployed(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
	return typedWith(ctx, d, where, SHM, roleDeployed, chain{})
}

func typedWith(ctx context.Context, d time.Duration, where place.Placement, t Transport, role string, how chain) (_ bench.Sample, err error) {
	if err := t.offered(); err != nil {
		return nil, err
	}
	p, stop, err := start(where, role, orders{Profile: t.profile})
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	client, err := newClient(ctx, p.where, t.profile)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	switch {
	case how.perSecond > 0:
		return side.Paced(ctx, d, how.perSecond, side.BothCPU(p.other), chained(ctx, client))
	case how.inFlight > 0:
		return inFlight(ctx, d, client, how.inFlight)
	}
	trips, took, err := side.Repeat(ctx, d, 64, chained(ctx, client))
	if err != nil {
		return nil, err
	}
	return side.PerTrip(probe.RoundTrip, trips, took), nil
}

// newClient returns a client that is connected, over nothing but the profile.
func newClient(ctx context.Context, where posix.Config, profile wire.Profile) (*increment.Client, error) {
	dialer, err := posix.NewDialer(posix.DialConfig{Config: where})
	if err != nil {
		return nil, err
	}
	client := increment.NewClient(dialer, service.Config{Proposal: link.Proposal{Supported: profile}})
	if _, err := once(ctx, func() (bool, error) { return client.Refresh(ctx) }); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// chained returns a call whose question is the answer of the one before.
func chained(ctx context.Context, client *increment.Client) func() error {
	var last uint64
	return func() error {
		got, err := client.Call(ctx, last)
		if err == nil && got != last+1 {
			err = fmt.Errorf("the answer to %d is %d", last, got)
		}
		last = got
		return err
	}
}

// inFlight lets n goroutines call, each its own chain, for about d.
func inFlight(ctx context.Context, d time.Duration, client *increment.Client, n int) (bench.Sample, error) {
	var all sync.WaitGroup
	var calls atomic.Int64
	errs := make(chan error, n)
	start := time.Now()
	for range n {
		all.Go(func() {
			trips, _, err := side.Repeat(ctx, d, 64, chained(ctx, client))
			calls.Add(int64(trips))
			errs <- err
		})
	}
	all.Wait()
	took := time.Since(start)
	for range n {
		if err := <-errs; err != nil {
			return nil, err
		}
	}
	return bench.Sample{{Name: side.Rate, Unit: "1/s", Value: float64(calls.Load()) / took.Seconds()}}, nil
}
