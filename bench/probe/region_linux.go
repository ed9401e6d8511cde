package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/bench/v3peer"
)

// manners are what is done in a region, by the role of the other side.
var manners = map[string]v3peer.Manner{
	"v3-bare":  v3peer.Bare,
	"v3-wake":  v3peer.Waking,
	"v3-futex": v3peer.Sleeping,
}

// regionPlan is a region for messages with the payloads that every session begins with.
var regionPlan = v3peer.PlanFor(1024, 64<<10)

// inRegion is the probe of that role.
func inRegion(role string) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return overRegion(ctx, d, where, role, manners[role])
	}
}

// overRegion starts the role, shares a region with it, and plays ping-pong, checking each answer.
func overRegion(ctx context.Context, d time.Duration, where place.Placement, role string, m v3peer.Manner) (_ bench.Sample, err error) {
	size := int(regionPlan.Size())
	file, err := sys.NewMemory(role, size)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	mem, err := sys.Map(file.Fd(), size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sys.Unmap(mem)) }()
	clear(mem) // a page that was never touched would cost in the first round
	v3peer.Format(mem, regionPlan, os.Getpid(), 1)
	other, stop, err := side.Start(where, role, file)
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	e := v3peer.NewEnd(mem, regionPlan, false, m, func() error {
		if other.Gone() || ctx.Err() != nil {
			return errors.Join(errPeerGone, ctx.Err())
		}
		return nil
	})
	var ping, pong [message]byte
	trips, took, err := side.Repeat(ctx, d, 64, func() error {
		sent := binary.NativeEndian.Uint64(pong[messageNumber:])
		ping = pong
		if err := e.Publish(ping[:]); err != nil {
			return err
		}
		n, err := e.Consume(pong[:])
		if err != nil {
			return err
		}
		if got := binary.NativeEndian.Uint64(pong[messageNumber:]); n != message || got != sent+1 {
			return fmt.Errorf("the answer to %d is %d, in %d bytes", sent, got, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return side.PerTrip(RoundTrip, trips, took), nil
}

// answeringRegion answers every number with the next one, until the process ends.
func answeringRegion(m v3peer.Manner) peer.Role {
	return func() error {
		mem, err := sys.Map(peer.FirstFile, int(regionPlan.Size()))
		if err != nil {
			return err
		}
		e := v3peer.NewEnd(mem, regionPlan, true, m, func() error { return nil })
		var msg [message]byte
		for {
			_, err := e.Consume(msg[:])
			if errors.Is(err, v3peer.ErrTimeout) {
				continue
			}
			if err != nil {
				return err
			}
			number := msg[messageNumber:]
			binary.NativeEndian.PutUint64(number, binary.NativeEndian.Uint64(number)+1)
			if err := e.Publish(msg[:]); err != nil {
				return err
			}
		}
	}
}
