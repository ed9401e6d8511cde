package shm

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The wake protocol as a model: two sides exchange messages, one in flight in each direction, and every interleaving of
// their steps is looked at. A step is one access to something that the other side, or an interrupt, can see between. Its
// name is that of the code it stands for ("Steps of the model" in stream, signs, send and wait). A wake-up is lost if
// everything has come to rest and somebody sleeps although there is something to do.

// manner is how a side of the model behaves.
type manner uint8

const (
	eager    manner = iota // ours where it has no seat, or the last message was late: wakes after every message
	deferred               // ours otherwise: owes the wake for a moment
	deployed               // a peer of version 3: wakes after every message, and sees no signs
)

func (m manner) String() string { return [...]string{"eager", "deferred", "deployed"}[m] }

// mistake is a fault that is planted in our side.
type mistake uint8

const (
	none mistake = iota
	wakeDroppedBeforeSleeping
	signalReadAfterSeq
	wakeLostOnReturn
	wakeLostOnClose
	wakeLostOnTimeout
	bothDeferIntoSleep
	beatReadAfterSigns
	signalBeforeSeq
	mistakes
)

func (m mistake) String() string {
	return [...]string{"none", "wake dropped before sleeping", "signal read after seq", "deferred wake lost on return",
		"deferred wake lost on close", "deferred wake lost on timeout", "both sides deferring into their sleep",
		"beat read after signs", "signal moved before seq"}[m]
}

// point is where a side is: the step that it does next.
type point uint8

const (
	publishSeq point = iota
	publishSignal
	wakeAfterPublish
	awaitLook
	awaitWake // owed, and the moment is over
	sleepBeat
	sleepSignal
	sleepSigns
	sleepLook
	sleepFutex
	asleep
	departing // with a reason, and a wake that is owed
	away      // the caller has it back, and does not come again
)

// reason is why a side leaves a wait without a message.
type reason uint8

const (
	stays reason = iota
	interrupted
	closing
	timedOut
)

// mside is one side. Everything in it but have and what it has read is its own.
type mside struct {
	at        point
	why       reason
	published uint8
	have      uint8 // consumed
	owed      bool
	sawSignal uint8
	sawBeat   uint8
	sign      reason // raised
	beat      uint8
	raising   uint8 // how far the raising of a sign has come: 0 not begun, 3 over
}

// mstate is all of it. The words of a direction are indexed by who publishes there.
type mstate struct {
	sides  [2]mside
	seq    [2]uint8
	signal [2]uint8
}

// model is what is explored.
type model struct {
	manners [2]manner
	planted mistake
	signs   [2]bool // raised on that side, at any moment
}

type move struct {
	to   mstate
	name string
}

const (
	clientSide = 0
	serverSide = 1
	rounds     = 2
)

func (m model) start() (s mstate) {
	s.sides[clientSide] = mside{at: publishSeq}
	s.sides[serverSide] = mside{at: awaitLook}
	return s
}

// explore looks at every state that can be reached. It returns how many there are, and the way to one in which a
// wake-up is lost, if there is one.
func (m model) explore() (states int, lost []string) {
	type origin struct {
		from mstate
		name string
	}
	first := m.start()
	seen := map[mstate]origin{first: {}}
	for todo := []mstate{first}; len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		moves, atRest := m.moves(s)
		if atRest {
			if what := m.lost(s); what != "" {
				lost = []string{what}
				for at := s; at != first; at = seen[at].from {
					lost = append([]string{seen[at].name}, lost...)
				}
				return len(seen), lost
			}
		}
		for _, v := range moves {
			if _, known := seen[v.to]; !known {
				seen[v.to] = origin{s, v.name}
				todo = append(todo, v.to)
			}
		}
	}
	return len(seen), nil
}

// lost says what is wrong with a state in which nothing moves by itself any more.
func (m model) lost(s mstate) string {
	for i := range s.sides {
		me := &s.sides[i]
		switch {
		case me.at != asleep:
		case s.seq[1-i] != me.have:
			return fmt.Sprintf("%s sleeps while a message is there", who(i))
		case me.sign != stays:
			return fmt.Sprintf("%s sleeps while a sign is raised", who(i))
		}
	}
	return ""
}

func who(i int) string { return [...]string{"client", "server"}[i] }

// moves returns what can happen next. atRest says that nothing will unless time passes or somebody raises a sign.
func (m model) moves(s mstate) (all []move, atRest bool) {
	atRest = true
	for i := range s.sides {
		for _, v := range m.step(s, i) {
			v.name = who(i) + " " + v.name
			all = append(all, v)
			atRest = false
		}
		raising := s.sides[i].raising
		for _, v := range m.outside(s, i) {
			v.name = who(i) + " " + v.name
			all = append(all, v)
			if raising != 0 && raising != 3 { // what has begun goes on
				atRest = false
			}
		}
	}
	return all, atRest
}

// outside is what is done to a side: a sign is raised, or a deadline passes in its sleep.
func (m model) outside(s mstate, i int) (all []move) {
	me := s.sides[i]
	if m.manners[i] == deployed {
		return nil
	}
	if me.at == asleep {
		n := s
		n.sides[i].at, n.sides[i].why = m.order(i)[0], timedOut
		all = append(all, move{n, "deadline"})
	}
	if !m.signs[i] {
		return all
	}
	n := s
	you := &n.sides[i]
	switch me.raising {
	case 0:
		for _, sign := range []reason{interrupted, closing} {
			n := s
			n.sides[i].raising, n.sides[i].sign = 1, sign
			all = append(all, move{n, "raise/sign"})
		}
	case 1:
		you.raising, you.beat = 2, me.beat+1
		all = append(all, move{n, "raise/beat"})
	case 2:
		you.raising = 3
		if me.at == asleep {
			you.at = m.order(i)[0]
		}
		all = append(all, move{n, "raise/wake"})
	}
	return all
}

// step is what a side can do next. More than one where it depends on time: how long it spins.
func (m model) step(s mstate, i int) []move {
	me, n := s.sides[i], s
	you := &n.sides[i]
	one := func(name string) []move { return []move{{n, name}} }
	is := func(p mistake) bool { return m.planted == p && m.manners[i] != deployed }
	there := s.seq[1-i] != me.have
	switch me.at {
	case publishSeq:
		you.at = publishSignal
		if is(signalBeforeSeq) {
			n.signal[i]++
			return one("publish/signal")
		}
		n.seq[i]++
		you.published++
		return one("publish/seq")
	case publishSignal:
		you.at = wakeAfterPublish
		if m.manners[i] == deferred {
			you.owed = true
			you.at = awaitLook
		}
		if is(signalBeforeSeq) {
			n.seq[i]++
			you.published++
			return one("publish/seq")
		}
		n.signal[i]++
		return one("publish/signal")
	case wakeAfterPublish:
		m.wake(&n, i)
		you.at = awaitLook
		return one("wake")
	case awaitLook:
		if there {
			you.owed = false
			m.consume(&n, i)
			return one("await/look: a message")
		}
		var all []move
		if me.sign != stays {
			n := n
			n.sides[i].at, n.sides[i].why = departing, me.sign
			all = append(all, move{n, "await/look: a sign"})
		}
		if me.owed {
			you.at = awaitWake
			all = append(all, move{n, "await/look: the moment is over"})
			n := s // a deadline within the moment
			n.sides[i].at, n.sides[i].why = departing, timedOut
			return append(all, move{n, "await/look: deadline"})
		}
		you.at = m.order(i)[0]
		return append(all, move{n, "await/look: nothing"})
	case awaitWake:
		you.at = m.order(i)[0]
		if is(bothDeferIntoSleep) {
			return one("await/wake: put off")
		}
		you.owed = false
		if !is(wakeDroppedBeforeSleeping) {
			m.wake(&n, i)
		}
		return one("await/wake")
	case sleepBeat:
		you.sawBeat = me.beat
		you.at = m.after(i, sleepBeat)
		return one("sleep/beat")
	case sleepSignal:
		you.sawSignal = s.signal[1-i]
		you.at = m.after(i, sleepSignal)
		return one("sleep/signal")
	case sleepSigns:
		you.at = m.after(i, sleepSigns)
		if me.sign != stays && !there {
			you.at, you.why = departing, me.sign
		}
		return one("sleep/signs")
	case sleepLook:
		switch {
		case there:
			you.owed, you.why = false, stays
			m.consume(&n, i)
			return one("sleep/look: a message")
		case me.why == timedOut:
			you.at = departing
			return one("sleep/look: deadline")
		}
		you.at = m.after(i, sleepLook)
		return one("sleep/look")
	case sleepFutex:
		if s.signal[1-i] == me.sawSignal && me.beat == me.sawBeat {
			you.at = asleep
			return one("sleep/futex: asleep")
		}
		you.at = m.order(i)[0]
		return one("sleep/futex: something has moved")
	case departing:
		forgets := map[reason]mistake{interrupted: wakeLostOnReturn, closing: wakeLostOnClose, timedOut: wakeLostOnTimeout}
		if me.owed && !is(forgets[me.why]) {
			m.wake(&n, i)
		}
		you.owed = false
		you.at = away
		all := one("await/wake and return")
		if me.why != closing { // the caller may come again, with Recv
			you.at, you.why, you.sign = awaitLook, stays, stays
			all = append(all, move{n, "await/wake, return, Recv"})
		}
		return all
	}
	return nil // asleep or away
}

// order is what a side does before it sleeps.
func (m model) order(i int) []point {
	switch {
	case m.manners[i] == deployed:
		return []point{sleepSignal, sleepLook, sleepFutex}
	case m.planted == signalReadAfterSeq:
		return []point{sleepBeat, sleepSigns, sleepLook, sleepSignal, sleepFutex}
	case m.planted == beatReadAfterSigns:
		return []point{sleepSignal, sleepSigns, sleepBeat, sleepLook, sleepFutex}
	}
	return []point{sleepBeat, sleepSignal, sleepSigns, sleepLook, sleepFutex}
}

// after is the step behind p in that order.
func (m model) after(i int, p point) point {
	order := m.order(i)
	return order[slices.Index(order, p)+1]
}

// wake wakes the other side, if it sleeps.
func (m model) wake(s *mstate, i int) {
	other := &s.sides[1-i]
	if other.at != asleep {
		return
	}
	other.at = m.order(1 - i)[0]
}

// consume takes the message and goes on to publish the next one, if there is one.
func (m model) consume(s *mstate, i int) {
	me := &s.sides[i]
	me.have++
	if i == serverSide || me.published < rounds {
		me.at = publishSeq
	} else {
		me.at = away
	}
}

// models are all pairings, each with signs on either side; of both at once, which are a few million states, where there
// is time.
func models(planted mistake) (all []model) {
	signs := [][2]bool{{true, false}, {false, true}}
	if os.Getenv("NETIPC_SOAK") != "" {
		signs = [][2]bool{{true, true}}
	}
	for c := eager; c <= deployed; c++ {
		for s := eager; s <= deployed; s++ {
			for _, on := range signs {
				all = append(all, model{[2]manner{c, s}, planted, on})
			}
		}
	}
	return all
}

func (m model) String() string {
	return fmt.Sprintf("%v client, %v server, signs on them %v", m.manners[0], m.manners[1], m.signs)
}

// No interleaving loses a wake-up, whoever speaks with whom.
func TestWakeModel(t *testing.T) {
	total := 0
	for _, m := range models(none) {
		states, lost := m.explore()
		if lost != nil {
			t.Errorf("%v: a wake-up is lost:\n  %s", m, strings.Join(lost, "\n  "))
		}
		t.Logf("%v: %d states", m, states)
		total += states
	}
	t.Logf("%d states in all", total)
}

// Each planted mistake is found, or the model proves nothing.
func TestWakeModelFindsMistakes(t *testing.T) {
	for planted := none + 1; planted < mistakes; planted++ {
		t.Run(planted.String(), func(t *testing.T) {
			for _, m := range models(planted) {
				states, lost := m.explore()
				if lost != nil {
					t.Logf("%v, after %d states:\n  %s", m, states, strings.Join(lost, "\n  "))
					return
				}
			}
			t.Error("not found in any pairing")
		})
	}
}
