package cgrouplookup

import (
	"iter"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// LabelsView is the labels of a cgroup, in the order they came; keys may repeat, and are not empty. It borrows the
// payload: valid as long as the ItemView it is from; ItemView.Owned copies to keep. Any number of goroutines may read
// one. The zero value has no labels.
type LabelsView struct{ list lookup.Labels }

// Len returns the number of labels.
func (v LabelsView) Len() int { return v.list.Len() }

// At returns label i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v LabelsView) At(i int) (key, value codec.StrView) {
	k, kEnd, w, wEnd := v.list.Spans(i)
	return codec.MakeStrView(v.list.Bytes(k, kEnd)), codec.MakeStrView(v.list.Bytes(w, wEnd))
}

// All yields keys and values, borrowed as the view is.
func (v LabelsView) All() iter.Seq2[codec.StrView, codec.StrView] {
	return func(yield func(key, value codec.StrView) bool) {
		for i := range v.Len() {
			if !yield(v.At(i)) {
				return
			}
		}
	}
}

// Get returns the value of the first label with that key, borrowed as the view is.
func (v LabelsView) Get(key string) (value codec.StrView, ok bool) {
	for i := range v.Len() {
		if k, w := v.At(i); k.Equal(key) {
			return w, true
		}
	}
	return codec.StrView{}, false
}
