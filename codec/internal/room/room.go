// Package room holds the buffer that a builder writes into, and enlarges it when that is allowed.
package room

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Buffer is a caller's buffer and the way to a larger one. The zero value has no room and cannot get any.
type Buffer struct {
	B     []byte
	grow  codec.Grow
	limit uint64 // bytes that are never exceeded
}

// closeEnough is how near to the exact need, in bytes, the search for what Grow allows gives up.
const closeEnough = 512

// New returns a Buffer over b that grow, unless nil, enlarges.
func New(b []byte, grow codec.Grow) Buffer {
	return Buffer{B: b, grow: grow, limit: bounds.MaxSize}
}

// Limited returns b with a limit of its own, in bytes, in place of that of the format unless that is less.
func (b Buffer) Limited(limit uint64) Buffer {
	b.limit = min(limit, bounds.MaxSize)
	return b
}

// Ensure makes B at least n bytes long. Errors: codec.ErrOverflow; where Grow refused, its error as well. B
// is then what it was.
func (b *Buffer) Ensure(n uint64) error {
	if b.Has(n) {
		return nil
	}
	return b.enlarge(n)
}

// Has reports whether B is n bytes long already, and may be.
func (b *Buffer) Has(n uint64) bool { return n <= uint64(len(b.B)) && n <= b.limit }

// enlarge asks for double, then for ever less, so that a limit just above the need is found in a few steps
// and a builder at that limit does not ask again for every item.
func (b *Buffer) enlarge(n uint64) error {
	if n > b.limit || b.grow == nil {
		return codec.ErrOverflow
	}
	ask := min(max(n, 2*uint64(len(b.B))), b.limit)
	for {
		grown, err := b.grow(int(ask))
		switch {
		case err == nil && uint64(len(grown)) < n:
			return codec.ErrOverflow // not what Grow promised
		case err == nil:
			b.B = grown
			return nil
		case ask == n:
			return &refused{err}
		}
		if ask = n + (ask-n)/2; ask-n < closeEnough {
			ask = n
		}
	}
}

// refused is an overflow whose cause is the error of a Grow.
type refused struct{ cause error }

func (r *refused) Error() string   { return codec.ErrOverflow.Error() + ": " + r.cause.Error() }
func (r *refused) Unwrap() []error { return []error{codec.ErrOverflow, r.cause} }
