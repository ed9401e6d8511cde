package cgrouplookup

import (
	"iter"

	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// ResponseView is an answer as it was received, validated once and whole, so that reading it cannot fail and does
// not allocate. It borrows the payload: valid until the payload's buffer is used again or written to; Clone to
// keep. Any number of goroutines may read one. The zero value answers nothing.
//
// Item i answers path i of the request. That it names this path, and that there are as many items as paths, is
// for whoever has the request to check.
type ResponseView struct{ list lookup.List }

// DecodeResponse validates the payload b and returns a view of it. There may be bytes between the items and after
// them that nobody owns. Errors: codec.ErrTruncated, codec.ErrBadLayout, codec.ErrBadAlignment,
// codec.ErrOutOfBounds, codec.ErrMissingNUL, codec.ErrInteriorNUL.
func DecodeResponse(b []byte) (ResponseView, error) {
	list, _, err := lookup.OpenResponse(layoutResponse, b, canonical, judge)
	return ResponseView{list}, err
}

// Len returns the number of items.
func (v ResponseView) Len() int { return v.list.Len() }

// Generation returns the number that the producer gave to what it knew.
func (v ResponseView) Generation() uint64 { return v.list.Generation() }

// Item returns item i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v ResponseView) Item(i int) ItemView { return ItemView{v.list.Item(i)} }

// All yields the items in the order of the request's paths, borrowed as the view is.
func (v ResponseView) All() iter.Seq2[int, ItemView] {
	return func(yield func(int, ItemView) bool) {
		for i := range v.Len() {
			if !yield(i, v.Item(i)) {
				return
			}
		}
	}
}

// Answered returns how many items the payload b has, and how many of them come before the first that says
// PAYLOAD_EXCEEDED, if all behind it say so too; none where the first of several says OVERSIZED_ITEM, for it has to be
// asked for alone. It checks only what it reads, which is little, so that whoever has just received b knows at once what to
// ask for next; of a payload that DecodeResponse refuses, both numbers mean nothing.
func Answered(b []byte) (items, answered int) {
	return lookup.Answered(b, itemStatus, uint16(StatusPayloadExceeded), uint16(StatusOversizedItem))
}
