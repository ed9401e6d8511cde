package probe

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/side"
)

// The shared memory of a ping-pong has one word that matters, and a few lines of room. The word counts: odd
// is a ping, even is its answer.
const memorySize = 4096

var errPeerGone = errors.New("the other process ended")

// yieldEvery is after how many turns a spinning side lets others run: never, on a machine with two processors
// to spare; on one that has not, the other side could not answer otherwise.
const yieldEvery = 1 << 14

// trip makes the round trip that overMemory repeats.
type trip func(ctx context.Context, word *atomic.Uint32, gone func() bool) func() error

// cacheLine: both sides spin on the word.
func cacheLine(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
	return overMemory(ctx, d, where, "cache-line", 0, spinning)
}

func spinning(ctx context.Context, word *atomic.Uint32, gone func() bool) func() error {
	return func() error {
		ping := word.Add(1)
		for turn := 1; word.Load() == ping; turn++ {
			if turn%yieldEvery == 0 {
				if gone() || ctx.Err() != nil {
					return errors.Join(errPeerGone, ctx.Err())
				}
				sys.Yield()
			}
		}
		return nil
	}
}

func answerCacheLine() error {
	word, err := sharedWord(peer.FirstFile)
	if err != nil {
		return err
	}
	for turn := 1; ; turn++ {
		if v := word.Load(); v%2 == 1 {
			word.Store(v + 1)
			turn = 0
		} else if turn%yieldEvery == 0 {
			sys.Yield()
		}
	}
}

// nap bounds a sleep in the kernel, so that a dead peer is noticed and Go's scheduler is not held up for long.
const nap = 100 * time.Millisecond

// futex: both sides sleep until the other one wakes them.
func futex(perSecond int) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return overMemory(ctx, d, where, "futex", perSecond, sleeping)
	}
}

func sleeping(ctx context.Context, word *atomic.Uint32, gone func() bool) func() error {
	return func() error {
		ping := word.Add(1)
		if _, err := sys.FutexWake(word); err != nil {
			return err
		}
		for word.Load() == ping {
			if err := sys.FutexWait(word, ping, nap); err != nil {
				return err
			}
			if word.Load() == ping && (gone() || ctx.Err() != nil) {
				return errors.Join(errPeerGone, ctx.Err())
			}
		}
		return nil
	}
}

func answerFutex() error {
	word, err := sharedWord(peer.FirstFile)
	if err != nil {
		return err
	}
	for {
		v := word.Load()
		if v%2 == 0 {
			if err := sys.FutexWait(word, v, nap); err != nil {
				return err
			}
			continue
		}
		word.Store(v + 1)
		if _, err := sys.FutexWake(word); err != nil {
			return err
		}
	}
}

// overMemory starts the role, shares a word with it, and repeats the trip: at that many a second, or at 0 as fast as
// it goes.
func overMemory(ctx context.Context, d time.Duration, where place.Placement, role string, perSecond int, t trip) (_ bench.Sample, err error) {
	file, err := sys.NewMemory(role, memorySize)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	mem, err := sys.Map(file.Fd(), memorySize)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sys.Unmap(mem)) }()
	other, stop, err := side.Start(where, role, file)
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	once := t(ctx, sys.Word(mem, 0), other.Gone)
	if perSecond > 0 {
		return side.Paced(ctx, d, perSecond, side.BothCPU(other), once)
	}
	trips, took, err := side.Repeat(ctx, d, 64, once)
	if err != nil {
		return nil, err
	}
	return side.PerTrip(RoundTrip, trips, took), nil
}

// sharedWord maps the memory that overMemory shares. It stays mapped until the process ends.
func sharedWord(fd uintptr) (*atomic.Uint32, error) {
	mem, err := sys.Map(fd, memorySize)
	if err != nil {
		return nil, err
	}
	return sys.Word(mem, 0), nil
}

// wake: the system call that a sender pays for when its receiver sleeps, without a receiver.
func wake(ctx context.Context, d time.Duration) (bench.Sample, error) {
	word := new(atomic.Uint32)
	trips, took, err := side.Repeat(ctx, d, 64, func() error {
		_, err := sys.FutexWake(word)
		return err
	})
	if err != nil {
		return nil, err
	}
	return side.PerTrip("call", trips, took), nil
}
