package lookup

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"strings"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Label is one label of an item, owned. Its key is not empty, and neither has a NUL inside.
type Label struct{ Key, Value string }

// LabelsView is the labels of an item of a response, in the order they came; keys may repeat. It borrows the
// payload: valid as long as the view of the item; Owned copies to keep. Any number of goroutines may read one.
// The zero value has no labels.
type LabelsView struct{ table, item []byte }

// LabelsOf returns the labels of an item whose other strings end before end, NUL included. CheckLabels has
// found nothing against them.
func LabelsOf(item []byte, end uint64, count int) LabelsView {
	if count == 0 {
		return LabelsView{}
	}
	table := bounds.AlignUp(end)
	return LabelsView{item[table : table+uint64(count)*labelSize], item}
}

// Len returns the number of labels.
func (v LabelsView) Len() int { return len(v.table) / labelSize }

// At returns label i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v LabelsView) At(i int) (key, value codec.StrView) {
	k, kEnd, w, wEnd := v.spans(i)
	return codec.MakeStrView(v.item[k:kEnd:kEnd]), codec.MakeStrView(v.item[w:wEnd:wEnd])
}

func (v LabelsView) spans(i int) (key, keyEnd, value, valueEnd uint64) {
	_ = v.table[i] // so that what follows does not wrap
	e, ne := v.table[uint64(i)*labelSize:], binary.NativeEndian
	key, value = uint64(ne.Uint32(e[labKeyOffset:])), uint64(ne.Uint32(e[labValueOffset:]))
	return key, key + uint64(ne.Uint32(e[labKeyLength:])), value, value + uint64(ne.Uint32(e[labValueLength:]))
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

// AppendLabels appends the labels as parts of text, a copy of the item.
func AppendLabels(dst []Label, v LabelsView, text string) []Label {
	for i := range v.Len() {
		k, kEnd, w, wEnd := v.spans(i)
		dst = append(dst, Label{text[k:kEnd], text[w:wEnd]})
	}
	return dst
}

var nul = []byte{0}

// CheckLabels judges all of an item from end on, where its other strings end, NUL included: label table,
// strings, and that nothing else is there.
func CheckLabels(item []byte, end uint64, count int) (field string, err error) {
	size := uint64(len(item))
	if count == 0 {
		if end != size {
			return "end of item", codec.ErrBadLayout
		}
		return "", nil
	}
	table := bounds.AlignUp(end)
	first := table + uint64(count)*labelSize
	if first > size {
		return "label table", codec.ErrOutOfBounds
	}
	for _, c := range item[end:table] {
		if c != 0 {
			return "padding before labels", codec.ErrBadLayout
		}
	}
	ne, at := binary.NativeEndian, first
	for e := item[table:first]; len(e) >= labelSize; e = e[labelSize:] {
		value := at + uint64(ne.Uint32(e[labKeyLength:])) + 1
		next := value + uint64(ne.Uint32(e[labValueLength:])) + 1
		switch {
		case uint64(ne.Uint32(e[labKeyOffset:])) != at:
			return "label key_offset", codec.ErrBadLayout
		case uint64(ne.Uint32(e[labValueOffset:])) != value:
			return "label value_offset", codec.ErrBadLayout
		case value == at+1:
			return "label key_length", codec.ErrBadLayout
		case next > size:
			return "label value_length", codec.ErrOutOfBounds
		case item[value-1] != 0:
			return "label key", codec.ErrMissingNUL
		case item[next-1] != 0:
			return "label value", codec.ErrMissingNUL
		}
		at = next
	}
	switch {
	case at != size:
		return "end of item", codec.ErrBadLayout
	case bytes.Count(item[first:], nul) != 2*count: // one pass instead of two a label
		return "labels", codec.ErrInteriorNUL
	}
	return "", nil
}

// ValidLabels says what no item may have as labels.
func ValidLabels(labels []Label) (field string, err error) {
	if len(labels) > math.MaxUint16 {
		return "label_count", codec.ErrBadCount
	}
	for i := range labels {
		switch l := &labels[i]; {
		case l.Key == "":
			return "label key", codec.ErrBadLayout
		case HasNUL(l.Key):
			return "label key", codec.ErrInteriorNUL
		case HasNUL(l.Value):
			return "label value", codec.ErrInteriorNUL
		}
	}
	return "", nil
}

// HasNUL reports whether a string has a NUL inside.
func HasNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }

// EndWithLabels returns the size of an item whose other strings end before end, in bytes.
func EndWithLabels(end uint64, labels []Label) uint64 {
	if len(labels) == 0 {
		return end
	}
	end = bounds.AlignUp(end) + uint64(len(labels))*labelSize
	for i := range labels {
		end += uint64(len(labels[i].Key)) + 1 + uint64(len(labels[i].Value)) + 1
	}
	return end
}

// PutLabels writes all of an item from end on, EndWithLabels bytes.
func PutLabels(item []byte, end uint64, labels []Label) {
	if len(labels) == 0 {
		return
	}
	table := bounds.AlignUp(end)
	at := table + uint64(len(labels))*labelSize
	clear(item[end:table])
	ne := binary.NativeEndian
	e := item[table:at]
	for i := range labels {
		l := &labels[i]
		value := PutString(item, at, l.Key)
		ne.PutUint32(e[labKeyOffset:], uint32(at))
		ne.PutUint32(e[labKeyLength:], uint32(len(l.Key)))
		ne.PutUint32(e[labValueOffset:], uint32(value))
		ne.PutUint32(e[labValueLength:], uint32(len(l.Value)))
		at = PutString(item, value, l.Value)
		e = e[labelSize:]
	}
}

// PutString writes s and its NUL at at, and returns where they end.
func PutString[S string | []byte](item []byte, at uint64, s S) uint64 {
	end := at + uint64(len(s))
	copy(item[at:], s)
	item[end] = 0
	return end + 1
}
