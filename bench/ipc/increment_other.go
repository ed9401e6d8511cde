//go:build !linux

package ipc

import (
	"context"
	"runtime"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
)

// Roles returns the other sides: none, here.
func Roles() map[string]peer.Role { return nil }

func incrementUDS(context.Context, time.Duration, place.Placement, chain) (bench.Sample, error) {
	return nil, bench.Skip("needs linux, this is " + runtime.GOOS)
}

func snapshots(context.Context, time.Duration, string, int, string) (bench.Sample, error) {
	return nil, bench.Skip("needs linux, this is " + runtime.GOOS)
}
