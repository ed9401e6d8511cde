package ipc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/codec/increment"
)

// Copies is the metric of how often the bytes of an answer are copied on their way.
const Copies = "copies"

// regionEnding is how the files of regions end (spec 03).
const regionEnding = ".ipcshm"

// answer is what a server has to say: a number, how often the server copies, and the rest from its own memory.
type answer struct {
	source []byte // nil: the answer of INCREMENT
	copies uint64 // on the server's side; 0: not known yet
}

// copiesAt is where in a large answer the server says how often it copies.
const copiesAt = increment.Size

// fill is the last byte of a large answer.
const fill = 0xa5

func newAnswer(size int) *answer {
	if size == 0 {
		return &answer{}
	}
	return &answer{source: bytes.Repeat([]byte{fill}, size)}
}

func (a *answer) size() int { return max(len(a.source), increment.Size) }

// put writes an answer. The first time it looks whether out is the shared memory itself, so that no copy to there
// follows.
func (a *answer) put(out []byte, number uint64) error {
	if a.source == nil {
		_, err := increment.EncodeResponse(out, number)
		return err
	}
	if a.copies == 0 {
		in, err := sys.MappedFrom(out, regionEnding)
		if err != nil {
			return err
		}
		a.copies = 1
		if !in {
			a.copies = 2
		}
	}
	copy(out, a.source)
	binary.NativeEndian.PutUint64(out[copiesAt:], a.copies)
	_, err := increment.EncodeResponse(out, number)
	return err
}

// answers measures Level 1 with large answers. Over shared memory it counts copies: those of the server, and the one
// that the client makes.
func answers(t Transport, size int) sampler {
	return func(ctx context.Context, d time.Duration, where place.Placement) (_ bench.Sample, err error) {
		if err := t.offered(); err != nil {
			return nil, err
		}
		p, stop, err := start(where, roleLevel1, orders{Profile: t.profile, Answer: size})
		if err != nil {
			return nil, err
		}
		defer stop(&err)
		c, err := newCaller(ctx, p.where, t.profile)
		if err != nil {
			return nil, err
		}
		defer c.close(&err)
		c.bytes = size
		copies := uint64(0)
		trips, took, err := side.Repeat(ctx, d, 4, func() error {
			if err := c.next(); err != nil {
				return err
			}
			copies = 1 + binary.NativeEndian.Uint64(c.m.Payload[copiesAt:])
			return whole(c.m.Payload)
		})
		if err != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		s := side.PerTrip(probe.RoundTrip, trips, took)
		if t == SHM {
			s = append(s, moved(size, copies, trips, took)...)
		}
		return s, nil
	}
}

// whole looks at the end of an answer.
func whole(payload []byte) error {
	if last := payload[len(payload)-1]; last != fill {
		return fmt.Errorf("the last byte is %#x, want %#x", last, fill)
	}
	return nil
}

// moved says what copying that many times has moved.
func moved(size int, copies uint64, trips int, took time.Duration) bench.Sample {
	total := float64(size) * float64(copies) * float64(trips)
	return bench.Sample{
		{Name: probe.Bandwidth, Unit: "GB/s", Value: total / float64(took.Nanoseconds())},
		{Name: Copies, Unit: "", Value: float64(copies)},
	}
}
