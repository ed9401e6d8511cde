package applookup

import (
	"iter"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

type answer = lookup.Answer[applookup.ResponseView]

// AnswerView is the answer to all pids of a call, however many requests it took, every item judged. It borrows buffers
// of the client: valid until the use that it was passed to returns; Clone to keep. Any number of goroutines may read
// one.
type AnswerView struct{ a *answer }

// Len returns the number of items, which is that of the pids.
func (v AnswerView) Len() int { return v.a.Keys }

// Generation returns the number that the provider gave to what it knew. Whoever keeps answers learns from it: when it
// has decreased, the provider has begun anew, and CgroupStatusUnknownPermanent and CgroupStatusHostRoot of before say
// nothing any more.
func (v AnswerView) Generation() uint64 { return v.a.Generation }

// Item returns the answer to pid i, borrowed as the view is. It panics when i is not below Len, as a slice does. All
// is the faster way to see every item.
func (v AnswerView) Item(i int) applookup.ItemView {
	part, k := v.a.Find(i)
	return part.Item(k)
}

// All yields the items in the order of the pids, borrowed as the view is.
func (v AnswerView) All() iter.Seq2[int, applookup.ItemView] {
	return func(yield func(int, applookup.ItemView) bool) {
		for _, r := range v.a.Runs {
			view, key := r.View, r.First-r.From
			for k := r.From; k < r.To; k++ {
				if !yield(key+k, view.Item(k)) {
					return
				}
			}
		}
	}
}

// Clone makes dst a copy of the answer that outlives the call, as applookup.CloneParts of the codec does.
func (v AnswerView) Clone(dst *applookup.Response) {
	var few [8]applookup.Part
	parts := few[:0]
	for _, r := range v.a.Runs {
		parts = append(parts, applookup.Part{View: r.View, From: r.From, To: r.To})
	}
	applookup.CloneParts(dst, v.a.Generation, parts...)
}
