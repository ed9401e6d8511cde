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

// play is what is done in a region.
type play struct {
	manner v3peer.Manner
	answer int // bytes of an answer, its header included
}

// plays are by the role of the other side.
var plays = regionPlays()

func regionPlays() map[string]play {
	plays := map[string]play{
		"v3-bare":  {v3peer.Bare, message},
		"v3-wake":  {v3peer.Waking, message},
		"v3-futex": {v3peer.Sleeping, message},
	}
	for _, size := range AnswerSizes {
		plays[role(RegionAnswers(size))] = play{v3peer.Bare, messageNumber + size}
	}
	return plays
}

// plan is a region for such answers, and for requests as large as every session may make.
func (p play) plan() v3peer.Plan { return v3peer.PlanFor(1024, uint32(p.answer-messageNumber)) }

// inRegion is the probe of that role.
func inRegion(role string) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return overRegion(ctx, d, where, role, plays[role])
	}
}

// overRegion starts the role, shares a region with it, and plays ping-pong, checking each answer.
func overRegion(ctx context.Context, d time.Duration, where place.Placement, role string, p play) (_ bench.Sample, err error) {
	plan := p.plan()
	size := int(plan.Size())
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
	clear(mem) // a page that was never touched would cost in the first trips
	v3peer.Format(mem, plan, os.Getpid(), 1)
	other, stop, err := side.Start(where, role, file)
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	e := v3peer.NewEnd(mem, plan, false, p.manner, func() error {
		if other.Gone() || ctx.Err() != nil {
			return errors.Join(errPeerGone, ctx.Err())
		}
		return nil
	})
	trips, took, err := side.Repeat(ctx, d, max(1, 4096/p.answer), asking(e, p.answer))
	if err != nil {
		return nil, err
	}
	s := side.PerTrip(RoundTrip, trips, took)
	if p.answer != message { // copied in and copied out
		s = append(s, bench.Metric{Name: Bandwidth, Unit: "GB/s", Value: 2 * float64(p.answer) * float64(trips) / float64(took.Nanoseconds())})
	}
	return s, nil
}

// asking returns a trip: a number there, and the next one back, in that many bytes.
func asking(e *v3peer.End, answer int) func() error {
	var ping [message]byte
	pong := make([]byte, answer)
	number := pong[messageNumber:message]
	return func() error {
		sent := binary.NativeEndian.Uint64(number)
		copy(ping[messageNumber:], number)
		if err := e.Publish(ping[:]); err != nil {
			return err
		}
		n, err := e.Consume(pong)
		if err != nil {
			return err
		}
		if got := binary.NativeEndian.Uint64(number); n != answer || got != sent+1 {
			return fmt.Errorf("the answer to %d is %d, in %d bytes", sent, got, n)
		}
		return nil
	}
}

// answeringRegion answers every number with the next one, until the process ends.
func answeringRegion(p play) peer.Role {
	return func() error {
		plan := p.plan()
		mem, err := sys.Map(peer.FirstFile, int(plan.Size()))
		if err != nil {
			return err
		}
		e := v3peer.NewEnd(mem, plan, true, p.manner, func() error { return nil })
		var ping [message]byte
		pong := make([]byte, p.answer)
		for {
			_, err := e.Consume(ping[:])
			if errors.Is(err, v3peer.ErrTimeout) {
				continue
			}
			if err != nil {
				return err
			}
			asked := binary.NativeEndian.Uint64(ping[messageNumber:])
			binary.NativeEndian.PutUint64(pong[messageNumber:], asked+1)
			if err := e.Publish(pong); err != nil {
				return err
			}
		}
	}
}
