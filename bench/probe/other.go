//go:build !linux

package probe

import (
	"context"
	"runtime"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
)

// Roles returns what other processes do for the probes: nothing, here.
func Roles() map[string]peer.Role { return nil }

// notHere is the error of a probe on an operating system that it does not know.
func notHere() error { return bench.Skip("needs linux, this is " + runtime.GOOS) }

func cacheLine(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return nil, notHere()
}

func futex(int) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(context.Context, time.Duration, place.Placement) (bench.Sample, error) { return nil, notHere() }
}

func inRegion(string) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(context.Context, time.Duration, place.Placement) (bench.Sample, error) { return nil, notHere() }
}

func seqpacket(string, int, int) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(context.Context, time.Duration, place.Placement) (bench.Sample, error) { return nil, notHere() }
}

func wake(context.Context, time.Duration) (bench.Sample, error) { return nil, notHere() }

func seqpacketC(c bench.Case, _ place.Placement, _ int) bench.Case {
	c.Run = func(context.Context, time.Duration) (bench.Sample, error) { return nil, notHere() }
	return c
}
