package shm

import (
	"sync/atomic"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

const (
	// mostBunks is how many sessions of this process may sleep in a thread of their own. That wakes fastest, and costs a
	// thread. Others sleep in dormitories, many to a thread.
	mostBunks = 8
	// bunkTime is how long a session sleeps there before it makes room for one that may have more to do.
	bunkTime = 100 * time.Millisecond
	// nodTime bounds a sleep that keeps the Go processor, so that only who has a seat may have it, and that a sign has to
	// wait for. It is longer than a tick of the kernel: a shorter timeout would have to be set in hardware, which on a
	// virtual machine costs more than the sleep.
	nodTime = 5 * time.Millisecond
	// napTime bounds a sleep where the kernel cannot wait for two words at once, so that a sign is not missed for long.
	napTime = 50 * time.Millisecond
)

// bunks counts the sessions that sleep in a thread of their own.
var bunks atomic.Int32

// bunk is where a receiver sleeps.
type bunk struct {
	signs *signs
	words [2]sys.FutexWord
	long  bool         // it has slept here for bunkTime already
	dozes atomic.Int32 // how often it has gone to sleep
	sleeper
}

// newBunk returns the bunk of one who sleeps on signal, and is told of signs.
func newBunk(s *signs, signal *atomic.Uint32) bunk {
	return bunk{signs: s, sleeper: sleeper{word: signal, nudge: s.nudge}}
}

// doze sleeps while signal and beat are what they were, at most for d, and may return early. ErrCut: the memory is not
// there any more.
func (b *bunk) doze(signal, beat uint32, d time.Duration) error {
	b.dozes.Add(1)
	if !sys.FutexHasVector() {
		return b.nap(signal, d)
	}
	if b.long || bunks.Add(1) > mostBunks {
		if !b.long {
			bunks.Add(-1)
		}
		b.long = false
		return b.lodge(signal, d)
	}
	defer bunks.Add(-1)
	b.words[0] = sys.NewFutexWord(raw(b.word), signal, false)
	b.words[1] = sys.NewFutexWord(raw(&b.signs.beat), beat, true)
	switch errno := sys.FutexWaitAny(b.words[:], min(d, bunkTime)); errno {
	case 0, syscall.EAGAIN, syscall.EINTR:
	case syscall.EFAULT:
		return ErrCut
	case syscall.ETIMEDOUT:
		b.long = d >= bunkTime
	default: // it is refused all of a sudden, or there is no memory for it
		return b.nap(signal, d)
	}
	return nil
}

// nap sleeps on one word; a sign has to wait until it is over.
func (b *bunk) nap(signal uint32, d time.Duration) error {
	switch errno := sys.FutexWait(raw(b.word), signal, min(d, napTime), true); errno {
	case 0, syscall.EAGAIN, syscall.EINTR, syscall.ETIMEDOUT:
	case syscall.EFAULT:
		return ErrCut
	default:
		time.Sleep(time.Millisecond) // no way to sleep on the word; look again in a moment
	}
	return nil
}

// nod sleeps on one word for a moment, without telling Go's scheduler, which would cost more than the sleep. over says that
// the moment has passed.
func (b *bunk) nod(signal uint32, d time.Duration) (over bool, err error) {
	switch sys.FutexWait(raw(b.word), signal, d, false) {
	case syscall.EFAULT:
		return true, ErrCut
	case syscall.ETIMEDOUT:
		return true, nil
	}
	return false, nil
}

// lodge sleeps in a dormitory.
func (b *bunk) lodge(signal uint32, d time.Duration) error {
	b.value = signal
	b.sleeper.enter()
	defer b.sleeper.leave()
	if d >= forever {
		<-b.signs.woken
		return nil
	}
	alarm := time.NewTimer(d)
	defer alarm.Stop()
	select {
	case <-b.signs.woken:
	case <-alarm.C:
	}
	return nil
}
