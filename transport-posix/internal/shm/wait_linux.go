package shm

import (
	"errors"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
)

// sit takes a seat for a wait that may spin, if there is one. It stays taken when the wait is over, for the next one;
// stand leaves it.
func (c *Conn) sit() { c.in.seated = c.in.seat.Take(c.seats) }

func (c *Conn) stand() {
	c.in.seated = false
	c.in.seat.Give()
}

// await waits until a message is there. If the wake of the peer is owed, it is made unless a message comes first: before
// this side sleeps, and before it leaves without one.
//
// Steps of the model: await/look, await/wake, then sleep's.
func (c *Conn) await(d *link.Deadline, owed bool) error {
	turns := uint32(1)
	if c.in.seated {
		turns = c.brief
	}
	came, err := c.spin(turns)
	c.in.brisk = came && err == nil
	if came && err == nil {
		c.in.pace.brief()
		return nil
	}
	if owed {
		if lost := c.wake(); err == nil {
			err = lost
		}
	}
	if err != nil {
		return err
	}
	if !c.in.seated {
		return c.sleep(d)
	}
	start, extra := link.Now(), bulk(uint64(c.in.size.Load())+uint64(c.out.size.Load()))
	if limit := c.in.pace.spin(extra); limit > 0 {
		if came, err := c.spinOn(d, start, limit, extra); came || err != nil {
			return err
		}
		return c.sleep(d)
	}
	if err = c.sleep(d); err == nil {
		c.in.pace.slept(time.Duration(link.Now() - start))
	}
	return err
}

// spin looks a number of times, at least once, without a clock. came with an error is a message that cannot be.
func (c *Conn) spin(turns uint32) (came bool, err error) {
	// An interrupt that came first goes first.
	if c.signs.bits.Load()&(signClosed|signRecv) != 0 {
		return false, c.heed()
	}
	watch(raw64(c.in.seq), c.in.have, raw(&c.signs.bits), heeded, turns, &c.in.area[0], &c.out.area[0], c.out.size.lines())
	if came, err = c.look(); came {
		return came, err
	}
	if c.signs.bits.Load()&heeded != 0 {
		return c.lastLook()
	}
	return false, nil
}

// clockTurns is how often a spin looks before it looks at the clock again.
const clockTurns = 16

// spinOn spins from start on for as long as pays, which is limit.
func (c *Conn) spinOn(d *link.Deadline, start int64, limit, extra time.Duration) (came bool, err error) {
	if at := d.Start(); at != 0 {
		limit = min(limit, time.Duration(int64(at)-start))
	}
	took := time.Duration(0)
	for took < limit && !came && err == nil {
		came, err = c.spin(clockTurns)
		took = time.Duration(link.Now() - start)
	}
	if err == nil {
		c.in.pace.spun(came, took, extra)
	}
	return came, err
}

// look reports whether a message is there, which is when the peer has counted up. The error says that this cannot be
// one: the peer counts down, or somebody has emptied the file.
func (c *Conn) look() (came bool, err error) {
	seq := c.in.seq.Load()
	if seq == c.in.have {
		return false, nil
	}
	c.in.seen = seq
	if int64(seq-c.in.have) < 0 {
		return true, violated(errBackwards)
	}
	if c.magic.Load() != Magic {
		return true, violated(errEmptied)
	}
	return true, nil
}

var (
	errBackwards = errors.New("the sequence number in the shared memory went backwards")
	errEmptied   = errors.New("the shared memory was overwritten: its magic is gone")
)

func violated(err error) error {
	return &link.ProtocolError{Status: wire.StatusBadEnvelope, Err: err}
}

// lastLook is for who has seen a sign: what the peer published before it went comes before that it is gone.
func (c *Conn) lastLook() (came bool, err error) {
	if c.signs.bits.Load()&(signClosed|signRecv) == 0 {
		if came, err = c.look(); came {
			return came, err
		}
	}
	return false, c.heed()
}

// passing is an error that ends a wait, not the session.
type passing struct{ error }

// stopped is an error with which the caller has ended its own exchange.
type stopped struct{ error }

// heed says why a wait has to end, nil if it need not.
func (c *Conn) heed() error {
	bits := c.signs.bits.Load()
	if bits&signClosed != 0 {
		return link.ErrClosed
	}
	if cause := c.signs.interrupted(link.SideRecv, signRecv); cause != nil {
		return passing{cause}
	}
	if bits&signGone != 0 {
		return *c.signs.gone.Load()
	}
	return nil
}

// forever is how long a wait without a deadline sleeps at once.
const forever = time.Hour

// sleep waits in the kernel. The signal is read before seq is looked at for the last time: a message that comes behind
// that look has moved the signal, and then the kernel does not let this side sleep, or its sender wakes it.
//
// Steps of the model: sleep/beat, sleep/signal, sleep/signs, sleep/look, sleep/futex.
func (c *Conn) sleep(d *link.Deadline) error {
	moment := c.moment()
	for nods := 0; ; {
		left, bounded := forever, false
		if d != nil && *d != 0 {
			left, bounded = d.Left()
			left = min(left, forever-1) // only who has no deadline may sleep without an alarm
		}
		beat := c.signs.beat.Load()
		signal := c.in.signal.Load()
		if c.signs.bits.Load()&heeded != 0 {
			if came, err := c.lastLook(); came || err != nil {
				return err
			}
		}
		if came, err := c.look(); came {
			return err
		}
		if bounded && left == 0 {
			return passing{link.ErrTimeout}
		}
		var err error
		if moment > 0 {
			var over bool
			nods++
			if over, err = c.in.nod(signal, min(moment, left)); over || nods == mostNods {
				moment = 0
				c.stand()
				c.seats = spin.Seats()
			}
		} else {
			err = c.in.doze(signal, beat, left)
		}
		if err != nil {
			c.signs.lose(err)
			return err
		}
	}
}

// mostNods bounds how often a peer that moves the signal and says nothing keeps a seat taken.
const mostNods = 8

// moment returns for how long this side may sleep without telling Go's scheduler, 0 if it may not: others need the
// processor, if it is the only one.
func (c *Conn) moment() time.Duration {
	if c.in.seated {
		return nodTime
	}
	c.seats = spin.Seats() // it may have changed
	return 0
}
