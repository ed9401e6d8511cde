package lookup

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// Label is one label of an item, owned. Its key is not empty, and neither has a NUL inside.
type Label struct{ Key, Value string }

// Labels is the labels of an item of a response, in the order they came. It borrows the item. The zero value has no
// labels.
type Labels struct{ table, item []byte }

// LabelsOf returns the labels of an item whose other strings end before end, NUL included. CheckLabels has found
// nothing against them.
func LabelsOf(item []byte, end uint64, count int) Labels {
	if count == 0 {
		return Labels{}
	}
	table := bounds.AlignUp(end)
	return Labels{item[table : table+uint64(count)*labelSize], item}
}

// Len returns the number of labels.
func (l Labels) Len() int { return len(l.table) / labelSize }

// Spans returns where key and value of label i begin and end in the item. It panics when i is not below Len.
func (l Labels) Spans(i int) (key, keyEnd, value, valueEnd uint64) {
	_ = l.table[i] // so that what follows does not wrap
	e, ne := l.table[uint64(i)*labelSize:], binary.NativeEndian
	key, value = uint64(ne.Uint32(e[labKeyOffset:])), uint64(ne.Uint32(e[labValueOffset:]))
	return key, key + uint64(ne.Uint32(e[labKeyLength:])), value, value + uint64(ne.Uint32(e[labValueLength:]))
}

// Bytes returns bytes of the item.
func (l Labels) Bytes(off, end uint64) []byte { return l.item[off:end:end] }

// AppendTo appends the labels as parts of text, a copy of the item.
func (l Labels) AppendTo(dst []Label, text string) []Label {
	for i := range l.Len() {
		k, kEnd, v, vEnd := l.Spans(i)
		dst = append(dst, Label{text[k:kEnd], text[v:vEnd]})
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
	case !Tight(item[first:], 2*count):
		return "labels", codec.ErrInteriorNUL
	}
	return "", nil
}

// ShapeOf says what no labels may be, but for NULs, which PutLabels or HaveNUL find.
func ShapeOf(labels []Label) (field string, err error) {
	if len(labels) == 0 { // as of most items, for which callers inline this
		return "", nil
	}
	return shapeOf(labels)
}

func shapeOf(labels []Label) (field string, err error) {
	if len(labels) > math.MaxUint16 {
		return "label_count", codec.ErrBadCount
	}
	for i := range labels {
		if labels[i].Key == "" {
			return "label key", codec.ErrBadLayout
		}
	}
	return "", nil
}

// HaveNUL reports whether there is a NUL inside a label.
func HaveNUL(labels []Label) bool {
	for i := range labels {
		if HasNUL(labels[i].Key) || HasNUL(labels[i].Value) {
			return true
		}
	}
	return false
}

// HasNUL reports whether a string has a NUL inside.
func HasNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }

// EndWithLabels returns the size of an item whose other strings end before end, in bytes.
func EndWithLabels(end uint64, labels []Label) uint64 {
	if len(labels) == 0 {
		return end
	}
	return endWithLabels(end, labels)
}

func endWithLabels(end uint64, labels []Label) uint64 {
	end = bounds.AlignUp(end) + uint64(len(labels))*labelSize
	for i := range labels {
		end += uint64(len(labels[i].Key)) + 1 + uint64(len(labels[i].Value)) + 1
	}
	return end
}

// PutLabels writes all of an item from end on, EndWithLabels bytes. It reports whether no label has a NUL inside:
// in what it wrote, because that takes one pass.
func PutLabels(item []byte, end uint64, labels []Label) (noNUL bool) {
	return len(labels) == 0 || putLabels(item, end, labels)
}

func putLabels(item []byte, end uint64, labels []Label) (noNUL bool) {
	table := bounds.AlignUp(end)
	first := table + uint64(len(labels))*labelSize
	clear(item[end:table])
	ne, at := binary.NativeEndian, first
	e := item[table:first]
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
	return Tight(item[first:], 2*len(labels))
}

// Tight reports whether so many strings that end with a NUL and lie one after the other have no NUL inside: if those at
// their ends are there, one pass over all of them tells.
func Tight(b []byte, strings int) bool { return bytes.Count(b, nul) == strings }

// PutString writes s and its NUL at at, and returns where they end.
func PutString[S string | []byte](item []byte, at uint64, s S) uint64 {
	end := at + uint64(len(s))
	copy(item[at:], s)
	item[end] = 0
	return end + 1
}
