package ipc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// roleIncrement is the other side of IncrementUDS.
const roleIncrement = "increment"

// Roles returns the other sides, for peer.Main.
func Roles() map[string]peer.Role {
	return map[string]peer.Role{roleIncrement: serveIncrement, roleSnapshot: serveSnapshot}
}

// serveIncrement serves in the directory that it is told on the first file.
func serveIncrement() error {
	in := os.NewFile(peer.FirstFile, "directory")
	runDir, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: config(string(runDir))})
	if err != nil {
		return err
	}
	return increment.NewServer(l, service.ServerConfig{}, increment.Next).Serve(context.Background())
}

func config(runDir string) posix.Config { return posix.Config{RunDir: runDir, Service: "increment"} }

func incrementUDS(ctx context.Context, d time.Duration, where place.Placement, how chain) (_ bench.Sample, err error) {
	runDir, err := os.MkdirTemp("", "netipc-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(runDir)
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = tell.WriteString(runDir)
	err = errors.Join(err, tell.Close())
	if err != nil {
		told.Close()
		return nil, err
	}
	other, stop, err := side.Start(where, roleIncrement, told)
	told.Close()
	if err != nil {
		return nil, err
	}
	defer stop(&err)

	dialer, err := posix.NewDialer(posix.DialConfig{Config: config(runDir)})
	if err != nil {
		return nil, err
	}
	client := increment.NewClient(dialer, service.Config{})
	defer client.Close()
	if err := connect(ctx, client.Control); err != nil {
		return nil, err
	}
	switch {
	case how.perSecond > 0:
		return side.Paced(ctx, d, how.perSecond, side.BothCPU(other), chained(ctx, client))
	case how.inFlight > 0:
		return inFlight(ctx, d, client, how.inFlight)
	}
	trips, took, err := side.Repeat(ctx, d, 64, chained(ctx, client))
	if err != nil {
		return nil, err
	}
	return side.PerTrip(probe.RoundTrip, trips, took), nil
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

// connect waits until the other side is there.
func connect(ctx context.Context, client service.Control) error {
	for {
		_, err := client.Refresh(ctx)
		if !errors.Is(err, link.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}
