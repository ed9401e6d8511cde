package lookup

import "slices"

// Store is where the strings and the labels of an owned answer are, which may come from several payloads. The zero
// value is empty.
type Store struct {
	texts  []string // what was copied last, one for each part: the strings of the items are parts of them
	labels []Label  // the labels of the items are parts of it
}

// Begin makes room for an answer of that many parts and labels in place of the one before it. The texts of parts
// that remain are kept, for Text to find; labels that are not needed any more let go of their strings.
func (s *Store) Begin(parts, labels int) {
	clear(s.texts[min(parts, len(s.texts)):])
	if len(s.texts) < parts {
		s.texts = slices.Grow(s.texts, parts-len(s.texts))
	}
	s.texts = s.texts[:parts]
	clear(s.labels[min(labels, len(s.labels)):])
	s.labels = slices.Grow(s.labels[:0], labels)
}

// Text returns a copy of the items from..to of a list, which are part k, and where it begins in the packed area. It is
// the copy of before if the bytes are the same.
func (s *Store) Text(k int, l List, from, to int) (text string, start uint64) {
	var end uint64
	if from < to {
		start, _ = l.Span(from)
		_, end = l.Span(to - 1)
	}
	if b := l.Packed()[start:end]; s.texts[k] != string(b) {
		s.texts[k] = string(b)
	}
	return s.texts[k], start
}

// Add keeps the labels of the next item, parts of text, a copy of it, and returns them; nil if there are none.
func (s *Store) Add(l Labels, text string) []Label {
	first := len(s.labels)
	s.labels = l.AppendTo(s.labels, text)
	if n := len(s.labels); n > first {
		return s.labels[first:n:n]
	}
	return nil
}

// Resize returns items with a length of n, keeping the storage; those that are not needed any more let go of their
// strings.
func Resize[I any](items []I, n int) []I {
	clear(items[min(n, len(items)):])
	return slices.Grow(items[:0], n)[:n]
}
