package shm

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// sleeper is one who sleeps in a dormitory: a goroutine that waits for its nudge, while one thread waits for the words of
// many.
type sleeper struct {
	word  *atomic.Uint32 // of a region
	value uint32         // what it holds while there is nothing to do
	nudge func()         // wakes
	room  *dormitory     // nil: awake
}

// dormitory is a thread that waits for the words of its sleepers, and for a word of its own that tells it that they are
// others now.
type dormitory struct {
	mu       sync.Mutex
	sleepers []*sleeper
	awake    bool // the goroutine runs
	beat     atomic.Uint32
	words    []sys.FutexWord // of the goroutine alone
	// left are words of those who have left since the thread went to sleep: it may have been woken in the place of
	// somebody who has slept on one of them since. They are no pointers: the memory may go before they do.
	left []sys.FutexWord
}

// roomFor is how many sleepers a dormitory has at most: one word is its own.
const roomFor = sys.FutexVector - 1

// building has all dormitories of this process.
var building struct {
	sync.Mutex
	rooms []*dormitory
}

// enter finds a place. leave follows, whoever has woken the sleeper.
func (s *sleeper) enter() {
	building.Lock()
	defer building.Unlock()
	for _, r := range building.rooms {
		if r.admit(s) {
			return
		}
	}
	r := new(dormitory)
	building.rooms = append(building.rooms, r)
	r.admit(s)
}

// admit takes a sleeper in, if there is room.
func (r *dormitory) admit(s *sleeper) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sleepers) == roomFor {
		return false
	}
	r.sleepers = append(r.sleepers, s)
	s.room = r
	if r.awake {
		r.changed()
	} else {
		r.awake = true
		go r.run()
	}
	return true
}

// changed makes the thread look at who sleeps here. r.mu is held, or nothing depends on when.
func (r *dormitory) changed() {
	r.beat.Add(1)
	sys.FutexWakeOwn(raw(&r.beat))
}

// leave gives up the place. Nobody looks at the word any more when it returns.
func (s *sleeper) leave() {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.sleepers, s); i >= 0 {
		r.sleepers = slices.Delete(r.sleepers, i, i+1)
		r.left = append(r.left, sys.NewFutexWord(raw(s.word), s.value, false))
		r.changed()
	}
	s.room = nil
}

// run is the thread. It ends with the last sleeper.
func (r *dormitory) run() {
	for {
		r.mu.Lock()
		for _, word := range r.left {
			word.Wake() // in vain where nobody sleeps, or the memory is gone
		}
		r.left = r.left[:0]
		if len(r.sleepers) == 0 {
			r.awake = false
			r.mu.Unlock()
			return
		}
		// The words are read before the kernel compares them, so that nothing that changes from here on is missed.
		beat := r.beat.Load()
		r.words = append(r.words[:0], sys.NewFutexWord(raw(&r.beat), beat, true))
		for _, s := range r.sleepers {
			r.words = append(r.words, sys.NewFutexWord(raw(s.word), s.value, false))
		}
		r.mu.Unlock()
		errno := sys.FutexWaitAny(r.words, forever)
		switch errno {
		case 0, syscall.EAGAIN, syscall.EINTR, syscall.ETIMEDOUT:
			r.wakeUp()
		default: // the word of one who has left may be gone; then there are others now, and they are to be tried
			if r.wakeUp() == 0 && r.beat.Load() == beat {
				r.examine(errno)
			}
		}
	}
}

// wakeUp wakes all whose word has moved, or is not there any more: they find out themselves. It returns how many.
func (r *dormitory) wakeUp() int {
	return r.wakeAll(func(s *sleeper) bool {
		value, there := glimpse(s.word)
		return !there || value != s.value
	})
}

// examine is for an error of the kernel that no word explains: who causes it is woken, and if nobody does alone, then
// all are, a moment later.
func (r *dormitory) examine(errno syscall.Errno) {
	one := make([]sys.FutexWord, 1)
	woken := r.wakeAll(func(s *sleeper) bool {
		one[0] = sys.NewFutexWord(raw(s.word), s.value, false)
		return sys.FutexWaitAny(one, 0) == errno
	})
	if woken == 0 {
		time.Sleep(time.Millisecond)
		r.wakeAll(func(*sleeper) bool { return true })
	}
}

// wakeAll takes those out that are to be woken, and wakes them.
func (r *dormitory) wakeAll(due func(*sleeper) bool) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sleepers = slices.DeleteFunc(r.sleepers, func(s *sleeper) bool {
		if !due(s) {
			return false
		}
		n++
		s.nudge()
		return true
	})
	return n
}
