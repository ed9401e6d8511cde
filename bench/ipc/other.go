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

func notHere(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return nil, bench.Skip("needs linux, this is " + runtime.GOOS)
}

func lookup(ctx context.Context, d time.Duration, _ Transport, _ string, _ int) (bench.Sample, error) {
	return notHere(ctx, d, place.Any)
}

func snapshots(ctx context.Context, d time.Duration, _ Transport, _ int, _ string) (bench.Sample, error) {
	return notHere(ctx, d, place.Any)
}

func typed(Transport, chain) sampler { return notHere }
func bare(Transport) sampler         { return notHere }
func answers(Transport, int) sampler { return notHere }
func deployedOf(string) sampler      { return notHere }
func deployedAnswers(int) sampler    { return notHere }

var (
	typedOfDeployed      sampler = notHere
	bareOfDeployed       sampler = notHere
	deployedWithDeployed sampler = notHere
)
