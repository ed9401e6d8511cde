package shm

import "time"

const (
	// briefTime bounds the part of a wait in which no clock is read and the wake of the peer may be owed, in
	// nanoseconds (spec 03).
	briefTime = 2_000
	// hotTime bounds a spin where messages have been coming faster than a sleeper can be woken.
	hotTime = 20 * time.Microsecond
	// trialTime bounds a spin that finds out whether they would, if nobody slept: it has to outlast one wake of a peer
	// that sleeps.
	trialTime = 80 * time.Microsecond
	// trialSpins is the length of a trial, in waits, and trialGood how many of them have to be fast, the first left aside:
	// that one meets the answer of a peer that had to be woken, the next ones show how fast it is awake.
	trialSpins, trialGood = 4, 2
	// briefRow is how many messages in a row that come at once show the same without a trial.
	briefRow = 3
	// coldRow is how many spins in vain, with nothing gained in between, are enough to give spinning up, and worth how many
	// fast waits make good for one.
	coldRow, worth = 3, 8
	// A trial comes after so many waits; after one that was in vain, or if spinning is given up soon after it, after twice as
	// many.
	firstTrial, lastTrial = 16, 128
	// A hint is taken after so many waits, and after one that was wrong after twice as many.
	firstHint, lastHint = 4, 64
	// forgiven is how many fast waits halve what has become of these.
	forgiven = 32
	// usualMost bounds what a sleep is taken to be: of longer ones it does not matter how long they are.
	usualMost = 3 * trialTime
	// bulkTime bounds what is added to a spin for the size of messages.
	bulkTime = time.Millisecond
)

// bulk returns what is added to a spin, because messages of so many bytes have been going to and fro: about the time that
// it takes to make or to read them, and half of it more. So what is spun in vain is in proportion to what the messages
// cost anyway. Who sleeps instead is often woken on the processor of the peer, so that the two work by turns where they
// could at once.
func bulk(bytes uint64) time.Duration { return min(time.Duration(bytes/4*3), bulkTime) }

// pace says how long a wait spins before it sleeps, and learns from how long waits have taken. Two sides that both sleep
// never see how fast they could be: each waits for the other's wake. So who sleeps tries it from time to time; and when
// one side does, the other sees its own waits become shorter, takes it for a hint, and tries it too. It has one user at a
// time.
type pace struct {
	cold bool
	debt time.Duration // what was spun in vain, less what was gained since
	fast int           // waits in a row, towards forgiven

	// While cold.
	rest   int           // waits until the next trial
	trial  int           // waits left in the trial
	good   int           // of those it has had
	hinted bool          // the trial is due to a hint
	row    int           // messages that came at once
	usual  time.Duration // what waits that sleep take; 0: not known
	deaf   int           // waits until a hint is taken

	rested int // what rest was last, 0 if that is forgiven
	deafed int // what deaf was
}

// spin returns how long the next wait may spin once it was not brief, where bulk is for the messages; 0 if it is to sleep,
// and slept to follow.
func (p *pace) spin(bulk time.Duration) time.Duration {
	if !p.cold {
		return hotTime + bulk
	}
	if p.trial == 0 {
		if p.rest--; p.rest > 0 {
			return 0
		}
		p.try(false)
	}
	if p.usual < usualMost { // it has to outlast a sleep, if that is known to be long
		return max(trialTime, p.usual) + bulk
	}
	return trialTime + bulk
}

// try begins a trial.
func (p *pace) try(hinted bool) { p.trial, p.good, p.hinted = trialSpins, 0, hinted }

// brief says that a message came before the wait had looked at a clock.
func (p *pace) brief() {
	if p.cold || p.debt != 0 || p.rested != 0 {
		p.atOnce()
	}
}

func (p *pace) atOnce() {
	switch {
	case !p.cold:
		p.gain(hotTime)
	case p.debt > 0: // it is as fast while cold
		p.debt -= hotTime / worth
	default:
		if p.row++; p.row >= briefRow {
			p.warm()
		}
	}
}

// gain is a fast wait, while hot, that might have spun for limit.
func (p *pace) gain(limit time.Duration) {
	p.debt = max(0, p.debt-limit/worth)
	if p.fast++; p.fast >= forgiven {
		p.fast = 0
		if p.rested, p.deafed = p.rested/2, p.deafed/2; p.rested < firstTrial {
			p.rested, p.deafed = 0, 0
		}
	}
}

// warm is where spinning begins to pay.
func (p *pace) warm() { *p = pace{rested: p.rested, deafed: p.deafed} }

// chill is where it does not pay any more. The more often it does not, the more messages that come at once it takes to begin
// again.
func (p *pace) chill() {
	*p = pace{cold: true, debt: p.debt, rested: p.rested, deafed: max(p.deafed, firstHint)}
	p.later()
	p.debt *= time.Duration(p.rested / firstTrial)
}

// later puts the next trial off.
func (p *pace) later() {
	p.rested = max(firstTrial, min(2*p.rested, lastTrial))
	p.rest, p.deaf = p.rested, p.deafed
}

// spun says what came of a spin: whether a message, and after what time. Without one it is how long was spun, which may
// be less than spin has allowed.
func (p *pace) spun(came bool, took, bulk time.Duration) {
	limit := hotTime + bulk
	switch {
	case p.cold:
		p.tried(came && took <= limit)
	case came && took <= limit:
		p.gain(limit)
	default:
		p.fast = 0
		if p.debt += min(took, limit); p.debt >= coldRow*limit {
			p.chill()
		}
	}
}

// tried is one wait of a trial.
func (p *pace) tried(fast bool) {
	if !fast {
		p.row = 0
	} else if p.trial != trialSpins {
		p.good++
	}
	p.trial--
	switch {
	case p.good == trialGood:
		p.warm()
	case p.trial > 0:
	case p.hinted:
		p.deafed = min(2*p.deafed, lastHint)
		p.deaf = p.deafed
	default:
		p.later()
	}
}

// slept says how long a wait took that did not spin.
func (p *pace) slept(took time.Duration) {
	if !p.cold {
		return
	}
	took = min(took, usualMost)
	p.row = 0
	p.deaf--
	switch {
	case p.usual == 0:
		p.usual = took
	case took < p.usual*5/8 && p.deaf <= 0:
		p.try(true) // the peer has not slept, perhaps because it tries to
	default:
		p.usual += (took - p.usual) / 8
	}
}
