package cgrouplookup

import (
	"slices"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Item is the answer to one path, owned. Unless Status is StatusKnown, all but Path is zero.
type Item struct {
	Status       Status
	Orchestrator Orchestrator // who runs the cgroup
	Path         string       // as it was asked for
	Name         string       // of the cgroup; may be empty
	Labels       []Label      // of the cgroup, in the producer's order
}

// Response is a whole answer, owned. The zero value answers nothing, ready for use and for Clone.
type Response struct {
	Generation uint64 // the number that the producer gave to what it knew
	Items      []Item

	store lookup.Store // what Clone last copied: strings and labels of Items are parts of it
}

// Clone makes dst a copy of the paths that outlives the payload. It reuses dst's storage as far as it reaches; the
// strings are one allocation, of the size of the payload, which lives as long as any of them.
func (v RequestView) Clone(dst *Request) {
	text := string(v.list.Packed())
	n := v.Len()
	clear((*dst)[min(n, len(*dst)):]) // lets go of strings
	*dst = slices.Grow((*dst)[:0], n)[:n]
	for i := range *dst {
		off, end := v.list.Span(i)
		(*dst)[i] = text[off : end-nulSize]
	}
}

// Owned returns a copy of the item that outlives the payload.
func (v ItemView) Owned() Item { return v.owned(string(v.b), new(lookup.Store)) }

// owned returns the item as parts of text, a copy of it, its labels kept in s.
func (v ItemView) owned(text string, s *lookup.Store) Item {
	path, pathEnd := v.span(itemPathOffset)
	name, nameEnd := v.span(itemNameOffset)
	return Item{
		Status: v.Status(), Orchestrator: v.Orchestrator(),
		Path: text[path:pathEnd], Name: text[name:nameEnd], Labels: s.Add(v.Labels().list, text),
	}
}

// Clone makes dst a copy of the answer that outlives the payload. It reuses dst's storage: Items and their labels
// as far as it reaches; and the strings altogether when the items are those that the last Clone into dst copied, so
// that cloning the same answer again allocates nothing. Otherwise all strings are one allocation, of the size of
// the payload, which lives as long as any of them. Strings never change: they may be kept, slices of Items and of
// labels may not. One goroutine at a time may use dst.
func (v ResponseView) Clone(dst *Response) { CloneParts(dst, v.Generation(), Part{v, 0, v.Len()}) }

// Part is some items of an answer: those from From up to To, which is not one of them. It borrows what View does.
type Part struct {
	View     ResponseView
	From, To int
}

// CloneParts is Clone for an answer that came in several payloads: dst becomes a copy of their items, one part after
// the other. What Clone says of the strings of the answer holds for those of each part.
func CloneParts(dst *Response, generation uint64, parts ...Part) {
	n, labels := 0, 0
	for _, p := range parts {
		n += p.To - p.From
		for i := p.From; i < p.To; i++ {
			labels += p.View.Item(i).Labels().Len()
		}
	}
	dst.store.Begin(len(parts), labels)
	dst.Items = lookup.Resize(dst.Items, n)
	dst.Generation = generation
	at := 0
	for k, p := range parts {
		text, start := dst.store.Text(k, p.View.list, p.From, p.To)
		for i := p.From; i < p.To; i++ {
			off, end := p.View.list.Span(i)
			dst.Items[at] = p.View.Item(i).owned(text[off-start:end-start], &dst.store)
			at++
		}
	}
}

// Equal reports whether both hold the same values in the same order. No labels are no labels, nil or not.
func (r Response) Equal(s Response) bool {
	return r.Generation == s.Generation && slices.EqualFunc(r.Items, s.Items, Item.Equal)
}

// Equal reports whether both say the same.
func (it Item) Equal(t Item) bool {
	return it.Status == t.Status && it.Orchestrator == t.Orchestrator && it.Path == t.Path && it.Name == t.Name &&
		slices.Equal(it.Labels, t.Labels)
}

// check says what no item may say, but for NULs in labels. path is the length of the path, which is not looked at.
func (it *Item) check(path int) (field string, err error) {
	if field, err = checkCombination(it.Status, it.Orchestrator, uint64(path), uint64(len(it.Name)), len(it.Labels)); err != nil {
		return field, err
	}
	if lookup.HasNUL(it.Name) {
		return "name", codec.ErrInteriorNUL
	}
	return lookup.ShapeOf(it.Labels)
}

// whole is check for an item with its own path, which is looked at as well.
func (it *Item) whole() (field string, err error) {
	field, err = it.check(len(it.Path))
	if err == nil && lookup.HasNUL(it.Path) {
		field, err = "path", codec.ErrInteriorNUL
	}
	return field, err
}

// size returns the size of the encoded item with a path of that length.
func (it *Item) size(path int) uint64 {
	return lookup.EndWithLabels(shortest(uint64(path))+uint64(len(it.Name)), it.Labels)
}

// Size returns the size of the encoded answer in bytes. Error: codec.ErrOverflow when no payload can be that large.
func (r *Response) Size() (int, error) {
	size := lookup.PackedStart(len(r.Items))
	for i := range r.Items {
		it := &r.Items[i]
		size = bounds.AlignUp(size) + it.size(len(it.Path))
	}
	if size > bounds.MaxSize {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	return int(size), nil
}

// Encode writes the canonical form of the answer to the start of dst and returns its size in bytes. All items are
// written as they are: what to leave out when they do not fit is Builder's business. Any number of goroutines may
// encode one answer. Errors: codec.ErrOverflow when dst is too short, Size says how much it takes; and for an item
// that cannot be as Builder.Add.
func (r *Response) Encode(dst []byte) (int, error) {
	size, err := r.Size()
	if err != nil {
		return 0, err
	}
	if size > len(dst) {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	p := lookup.NewPacker(dst, len(r.Items))
	for i := range r.Items {
		it := &r.Items[i]
		if field, err := it.whole(); err != nil {
			return 0, codec.ItemError(layoutResponse, i, field, err)
		}
		if !put(p.Place(it.size(len(it.Path))), it.Path, it) {
			return 0, codec.ItemError(layoutResponse, i, "labels", codec.ErrInteriorNUL)
		}
	}
	return p.Header(r.Generation), nil
}
