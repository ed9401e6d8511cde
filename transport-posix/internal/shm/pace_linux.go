package shm

import "time"

const (
	// briefTime bounds the part of a wait in which no clock is read and the wake of the peer may be owed, in
	// nanoseconds (spec 03).
	briefTime = 2_000
	// hotTime is a spin that always pays where messages come within it: it is less than a sleeper takes to be woken.
	hotTime = 20 * time.Microsecond
	// trialTime bounds a spin that finds out whether messages would come faster if nobody slept: it has to outlast one
	// wake of a peer that sleeps.
	trialTime = 80 * time.Microsecond
	// trialSpins is the length of a trial, in waits: the first meets the answer of a peer that had to be woken, the
	// next ones show how fast it is awake.
	trialSpins = 3
	// worth is how many times shorter than a sleep a spin longer than hotTime has to be. Both sides sleep, and both are
	// woken: two of three parts are what that takes.
	worth = 3
	// coldRow is how many waits in a row have to be slow before spinning is given up.
	coldRow = 3
	// A trial comes after so many waits, and after one that was in vain after twice as many.
	firstTrial, lastTrial = 16, 1024
	// hintRest is how many waits there have to be between two trials that the peer has given rise to.
	hintRest = 4
)

// pace says how long a wait spins before it sleeps, and learns from how long waits have taken. Two sides that both sleep
// never see how fast they could be: each waits for the other's wake. So who sleeps tries it from time to time; and when
// one side does, the other sees its own waits become shorter, and tries it too. It has one user at a time.
type pace struct {
	cold   bool
	limit  time.Duration // of a spin while hot, if more than hotTime
	slow   int           // waits in a row, while hot
	rest   int           // waits until the next trial, while cold
	rested int           // what rest was
	trial  int           // waits left in the trial
	usual  time.Duration // what waits that sleep take, while cold; 0: not known
}

// spin returns how long the next wait may spin once it was not brief; 0 if it is to sleep, and slept to follow.
func (p *pace) spin() time.Duration {
	if !p.cold {
		return p.most()
	}
	if p.trial == 0 {
		if p.rest--; p.rest > 0 {
			return 0
		}
		p.trial = trialSpins
	}
	return trialTime
}

// most is how long a wait spins while hot.
func (p *pace) most() time.Duration { return max(hotTime, p.limit) }

// brief says that a message came before the wait had looked at a clock.
func (p *pace) brief() {
	if p.cold || p.slow != 0 {
		*p = pace{limit: p.limit}
	}
}

// spun says what came of a spin: whether a message, and after what time.
func (p *pace) spun(came bool, took time.Duration) {
	switch {
	case !p.cold && came && took <= p.most():
		p.slow = 0
	case !p.cold:
		if p.slow++; p.slow >= coldRow {
			*p = pace{cold: true, rest: firstTrial, rested: firstTrial}
		}
	case came && p.trial != trialSpins && took <= max(hotTime, p.usual/worth): // the first may have met a peer that was awake
		*p = pace{limit: min(2*took, trialTime)}
	default:
		if p.trial--; p.trial == 0 {
			p.rested = min(2*p.rested, lastTrial)
			p.rest = p.rested
		}
	}
}

// slept says how long a wait took that did not spin.
func (p *pace) slept(took time.Duration) {
	switch {
	case p.usual == 0:
		p.usual = took
	case took < p.usual*5/8 && p.rested-p.rest >= hintRest:
		p.trial = trialSpins // the peer has not slept, perhaps because it tries to
	default:
		p.usual += (took - p.usual) / 8
	}
}
