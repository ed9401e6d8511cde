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
	// A hint is taken after so many waits, and after one that was wrong after twice as many.
	firstHint, lastHint = 4, 256
	// usualMost bounds what a sleep is taken to be: of longer ones it does not matter how long they are.
	usualMost = 3 * trialTime
	// bulkTime bounds what is added to a spin for the size of messages.
	bulkTime = time.Millisecond
)

// bulk returns what is added to a spin, because messages of so many bytes have been going to and fro: about the time that
// it takes to make or to read them. So what is spun in vain is in proportion to what the messages cost anyway. Who sleeps
// instead is often woken on the processor of the peer, so that the two work by turns where they could at once.
func bulk(bytes uint64) time.Duration { return min(time.Duration(bytes/2), bulkTime) }

// pace says how long a wait spins before it sleeps, and learns from how long waits have taken. Two sides that both sleep
// never see how fast they could be: each waits for the other's wake. So who sleeps tries it from time to time; and when
// one side does, the other sees its own waits become shorter, takes it for a hint, and tries it too. It has one user at a
// time.
type pace struct {
	cold   bool
	slow   int // waits in a row, while hot
	rest   int // waits until the next trial, while cold
	rested int // what rest was
	trial  int // waits left in the trial

	usual  time.Duration // what waits that sleep take, while cold; 0: not known
	deaf   int           // waits until a hint is taken
	deafed int           // what deaf was
	hinted bool          // the trial is due to a hint
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
		p.trial, p.hinted = trialSpins, false
	}
	return trialTime + bulk
}

// brief says that a message came before the wait had looked at a clock.
func (p *pace) brief() {
	if p.cold || p.slow != 0 {
		*p = pace{}
	}
}

// spun says what came of a spin: whether a message, and after what time.
func (p *pace) spun(came bool, took, bulk time.Duration) {
	fast := came && took <= hotTime+bulk
	switch {
	case fast && p.trial != trialSpins: // in the first wait of a trial the peer may have happened to be awake
		*p = pace{}
	case !p.cold:
		if p.slow++; p.slow >= coldRow {
			*p = pace{cold: true, rest: firstTrial, rested: firstTrial, deaf: firstHint, deafed: firstHint}
		}
	case p.trial > 0:
		if p.trial--; p.trial == 0 {
			p.vain()
		}
	}
}

// vain is the end of a trial that was.
func (p *pace) vain() {
	if p.hinted {
		p.deafed = min(2*p.deafed, lastHint)
		p.deaf = p.deafed
		return
	}
	p.rested = min(2*p.rested, lastTrial)
	p.rest = p.rested
}

// slept says how long a wait took that did not spin.
func (p *pace) slept(took time.Duration) {
	if !p.cold {
		return
	}
	took = min(took, usualMost)
	p.deaf--
	switch {
	case p.usual == 0:
		p.usual = took
	case took < p.usual*5/8 && p.deaf <= 0:
		p.trial, p.hinted = trialSpins, true
	default:
		p.usual += (took - p.usual) / 8
	}
}
