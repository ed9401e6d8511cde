package ipc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/bench/v3peer"
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// deployedCopies is how often the bytes of an answer are copied between two deployed peers: into the message, into
// the region, out of it.
const deployedCopies = 3

// serveDeployed answers numbers as a deployed peer.
func serveDeployed(o orders) error {
	l, err := v3peer.Listen(config(o.RunDir), link.DefaultPayload, uint32(max(o.Answer, link.DefaultPayload)))
	if err != nil {
		return err
	}
	a := newAnswer(o.Answer)
	for {
		s, err := l.Accept()
		if err != nil {
			return err
		}
		err = s.Serve(func(_ wire.Header, payload, out []byte) (int, error) {
			number, err := increment.DecodeRequest(payload)
			if err != nil {
				return 0, err
			}
			return a.size(), a.put(out[:a.size()], number+1)
		})
		if err = errors.Join(err, s.Close()); err != nil {
			return err
		}
	}
}

// deployedWithDeployed measures two deployed peers.
func deployedWithDeployed(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
	return deployedWith(ctx, d, where, roleDeployed, 0)
}

// deployedOf measures a deployed client with one of our servers.
func deployedOf(role string) sampler {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		if err := SHM.offered(); err != nil {
			return nil, err
		}
		return deployedWith(ctx, d, where, role, 0)
	}
}

// deployedAnswers measures two deployed peers with large answers.
func deployedAnswers(size int) sampler {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return deployedWith(ctx, d, where, roleDeployed, size)
	}
}

func deployedWith(ctx context.Context, d time.Duration, where place.Placement, role string, size int) (_ bench.Sample, err error) {
	p, stop, err := start(where, role, orders{Profile: SHM.profile, Answer: size})
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	s, err := once(ctx, func() (*v3peer.Session, error) {
		return v3peer.Dial(p.where, link.DefaultPayload, ctx.Err)
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	c, last := v3peer.NewCaller(s), uint64(0)
	want := max(size, increment.Size)
	every := 64
	if size > 0 {
		every = 4
	}
	trips, took, err := side.Repeat(ctx, d, every, func() error {
		binary.NativeEndian.PutUint64(c.Request(), last)
		payload, err := c.Call(uint16(codec.MethodIncrement), increment.Size)
		if err != nil {
			return err
		}
		got, err := increment.DecodeResponse(payload)
		if err != nil {
			return err
		}
		if got != last+1 || len(payload) != want {
			return fmt.Errorf("the answer to %d is %d, in %d bytes", last, got, len(payload))
		}
		last = got
		if size > 0 {
			return whole(payload)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sample := side.PerTrip(probe.RoundTrip, trips, took)
	if size > 0 {
		sample = append(sample, moved(size, deployedCopies, trips, took)...)
	}
	return sample, nil
}
