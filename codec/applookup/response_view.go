package applookup

import (
	"iter"

	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// ResponseView is an answer as it was received, validated once and whole, so that reading it cannot fail and does
// not allocate. It borrows the payload: valid until the payload's buffer is used again or written to; Clone to
// keep. Any number of goroutines may read one. The zero value answers nothing.
//
// Item i answers pid i of the request. That it names this pid, and that there are as many items as pids, is
// for whoever has the request to check.
type ResponseView struct {
	list       lookup.List
	generation uint64
}

// DecodeResponse validates the payload b and returns a view of it. There may be bytes between the items and after
// them that nobody owns. Errors: codec.ErrTruncated, codec.ErrBadLayout, codec.ErrBadAlignment,
// codec.ErrOutOfBounds, codec.ErrMissingNUL, codec.ErrInteriorNUL.
func DecodeResponse(b []byte) (ResponseView, error) {
	list, generation, err := lookup.OpenResponse(layoutResponse, b, checkItem)
	return ResponseView{list, generation}, err
}

// Len returns the number of items.
func (v ResponseView) Len() int { return v.list.Len() }

// Generation returns the number that the producer gave to what it knew.
func (v ResponseView) Generation() uint64 { return v.generation }

// Item returns item i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v ResponseView) Item(i int) ItemView { return ItemView{v.list.Item(i)} }

// All yields the items in the order of the request's pids, borrowed as the view is.
func (v ResponseView) All() iter.Seq2[int, ItemView] {
	return func(yield func(int, ItemView) bool) {
		for i := range v.Len() {
			if !yield(i, v.Item(i)) {
				return
			}
		}
	}
}

// Copy copies the payload to dst, whose storage it uses as far as it reaches, and returns a view of the copy without
// validating it again: for an answer that has to outlive its payload but need not be owned. The view borrows the
// copy: valid until buf is used again or written to.
func (v ResponseView) Copy(dst []byte) (copied ResponseView, buf []byte) {
	list, buf := v.list.Copy(dst)
	return ResponseView{list, v.generation}, buf
}
