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
	// trialSpins is the length of a trial, in waits: the first meets the answer of a peer that had to be woken, the
	// next ones show how fast it is awake.
	trialSpins = 3
	// coldRow is how many waits in a row have to be slow before spinning is given up.
	coldRow = 3
	// A trial comes after so many waits, and after one that was in vain after twice as many.
	firstTrial, lastTrial = 16, 1024
)

// pace says how long a wait spins before it sleeps, and learns from how long waits have taken. Two sides that both sleep
// never see how fast they could be: each waits for the other's wake. So who sleeps tries it from time to time. It has
// one user at a time.
type pace struct {
	cold   bool
	slow   int // waits in a row, while hot
	rest   int // waits until the next trial, while cold
	rested int // what rest was
	trial  int // waits left in the trial
}

// spin returns how long the next wait may spin once it was not brief.
func (p *pace) spin() time.Duration {
	if !p.cold {
		return hotTime
	}
	if p.trial == 0 {
		if p.rest--; p.rest > 0 {
			return 0
		}
		p.trial = trialSpins
	}
	return trialTime
}

// brief says that a message came before the wait had looked at a clock.
func (p *pace) brief() {
	if p.cold || p.slow != 0 {
		*p = pace{}
	}
}

// spun says what came of a spin: whether a message, and after what time.
func (p *pace) spun(came bool, took time.Duration) {
	fast := came && took <= hotTime
	switch {
	case fast && p.trial != trialSpins: // in the first wait of a trial the peer may have happened to be awake
		*p = pace{}
	case !p.cold:
		if p.slow++; p.slow >= coldRow {
			*p = pace{cold: true, rest: firstTrial, rested: firstTrial}
		}
	case p.trial > 0:
		if p.trial--; p.trial == 0 {
			p.rested = min(2*p.rested, lastTrial)
			p.rest = p.rested
		}
	}
}
