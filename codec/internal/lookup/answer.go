package lookup

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/room"
)

// Answer is a response that is being built for the keys of a request, within a budget (spec 07, "What a lookup
// builder does when the answer does not fit"; spec 15-c). For every key that is still to come it keeps room for
// the shortest form of its item, which says nothing but the key and a status; so there is an answer to every key
// whatever the items before it take. The zero value has no room.
//
// The shortest forms lie at multiples of 8 as all items do, but the end of the last one is not rounded up. That
// of a KNOWN item is, even when nothing follows it.
type Answer struct {
	room  room.Buffer
	pack  Packer
	keys  uint64
	rest  uint64 // what the shortest forms of the keys from the next on take, each rounded up to 8
	slack uint64 // by how much rounding up the last of these exceeds it
	full  bool   // from now on every item is Exceeded
}

// Fate is what became of an item.
type Fate uint8

// The fates.
const (
	Fits      Fate = iota // as it was offered
	Oversized             // the shortest form: it does not fit although it is the first
	Exceeded              // the shortest form: it does not fit, or one before it did not, the first excepted
)

// Begin starts an answer of at most budget bytes to that many keys in dst, which grow enlarges. shortest is the
// sum of their items' shortest forms, each rounded up to 8, last the shortest form of the last, in bytes. Error:
// codec.ErrOverflow, with that of grow, when the shortest forms alone do not fit.
func (a *Answer) Begin(dst []byte, grow codec.Grow, budget, keys int, shortest, last uint64) error {
	*a = Answer{
		room:  room.New(dst, grow).Limited(uint64(max(budget, 0))),
		keys:  uint64(keys),
		rest:  shortest,
		slack: bounds.AlignUp(last) - last,
	}
	err := a.room.Ensure(PackedStart(keys) + a.reserve())
	a.pack = NewPacker(a.room.B, keys)
	return err
}

// reserve returns how much room the keys from the next on need at least.
func (a *Answer) reserve() uint64 {
	if a.rest == 0 {
		return 0
	}
	return a.rest - a.slack
}

// Known returns the bytes of the item of the next key, of which there must be one, for the caller to fill: size
// bytes for a KNOWN item, or what its fate makes of it, shortest bytes.
func (a *Answer) Known(size, shortest uint64) ([]byte, Fate) {
	a.rest -= bounds.AlignUp(shortest)
	if a.full || !a.fits(bounds.AlignUp(bounds.AlignUp(a.pack.used)+size)+a.reserve()) {
		return a.instead(shortest)
	}
	return a.pack.Place(size), Fits
}

// fits makes sure that there are n bytes.
func (a *Answer) fits(n uint64) bool { return a.room.Has(n) || a.enlarge(n) }

func (a *Answer) enlarge(n uint64) bool {
	if a.room.Ensure(n) != nil {
		return false
	}
	a.pack.b = a.room.B
	return true
}

// instead is what is said of a KNOWN item that does not fit.
func (a *Answer) instead(shortest uint64) ([]byte, Fate) {
	if a.pack.next == 0 {
		return a.pack.Place(shortest), Oversized
	}
	a.full = true
	return a.pack.Place(shortest), Exceeded
}

// Shortest is Known for an item in its shortest form, for which there always is room. Unless its fate is Fits,
// its status is not what was offered.
func (a *Answer) Shortest(size uint64) ([]byte, Fate) {
	a.rest -= bounds.AlignUp(size)
	fate := Fits
	if a.full {
		fate = Exceeded
	}
	return a.pack.Place(size), fate
}

// Answered returns how many keys have their items.
func (a *Answer) Answered() int { return int(a.pack.next) }

// Missing reports whether there is a key without its item.
func (a *Answer) Missing() bool { return a.pack.next < a.keys }

// Full reports whether the items of all further keys are Exceeded, whatever they would be.
func (a *Answer) Full() bool { return a.full }

// Finish writes the header, after the last item, and returns the payload: the start of the buffer given to Begin
// or of the last that Grow returned; nil when there was no Begin.
func (a *Answer) Finish(generation uint64) []byte {
	if a.pack.b == nil {
		return nil
	}
	n := a.pack.Header(generation)
	return a.room.B[:n:n]
}
