package cgrouplookup

import (
	"bytes"
	"iter"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Request is the paths that are asked for, owned. Paths are not empty and have no NUL inside; they may repeat.
// A request for nothing is legal: it asks whether somebody answers.
type Request []string

// Size returns the size of the encoded request in bytes. One that no payload can have, EncodeRequest
// refuses.
func (r Request) Size() int {
	size := lookup.PackedStart(len(r))
	for _, path := range r {
		size = bounds.AlignUp(size) + uint64(len(path)) + nulSize
	}
	return int(min(size, bounds.MaxSize))
}

// Fit returns how many of the first paths can be asked for at once: the request takes at most request bytes, and the
// shortest answers to all of them fit response bytes, without which a server refuses it. 0 if the first is too much.
func (r Request) Fit(request, response int) int { return r.FitMore(request, response, 0) }

// FitMore is Fit for a client that expects each item of the answer to take more bytes more than the shortest.
func (r Request) FitMore(request, response, more int) int {
	asked, answered := uint64(lookup.HeaderSize), uint64(lookup.HeaderSize)
	each := limit(more)
	for i, path := range r {
		n := uint64(len(path))
		asked = bounds.AlignUp(asked) + lookup.EntrySize + n + nulSize
		answered = bounds.AlignUp(answered) + lookup.EntrySize + shortest(n) + each
		if asked > limit(request) || answered > limit(response) {
			return i
		}
	}
	return len(r)
}

// limit returns a limit as far as there can be a payload of that size.
func limit(n int) uint64 { return uint64(min(max(n, 0), bounds.MaxSize)) }

// Check says what is wrong with the paths, as EncodeRequest would. Errors: codec.ErrBadLayout for an empty path,
// codec.ErrInteriorNUL.
func (r Request) Check() error {
	for i, path := range r {
		if err := checkPath(i, path); err != nil {
			return err
		}
	}
	return nil
}

func checkPath(i int, path string) error {
	if path == "" {
		return codec.ItemError(layoutRequest, i, "path", codec.ErrBadLayout)
	}
	if lookup.HasNUL(path) {
		return codec.ItemError(layoutRequest, i, "path", codec.ErrInteriorNUL)
	}
	return nil
}

// EncodeRequest writes the canonical form of r to the start of dst and returns its size in bytes. May be called
// from any number of goroutines. Errors: codec.ErrOverflow when dst is too short, codec.ErrBadLayout for an empty
// path, codec.ErrInteriorNUL.
func EncodeRequest(dst []byte, r Request) (int, error) {
	size := lookup.PackedStart(len(r))
	for i, path := range r {
		if err := checkPath(i, path); err != nil {
			return 0, err
		}
		size = bounds.AlignUp(size) + uint64(len(path)) + nulSize
	}
	if size > min(uint64(len(dst)), bounds.MaxSize) {
		return 0, codec.FieldError(layoutRequest, "", codec.ErrOverflow)
	}
	p := lookup.NewPacker(dst, len(r))
	for _, path := range r {
		lookup.PutString(p.Place(uint64(len(path))+nulSize), 0, path)
	}
	return p.Header(0), nil
}

// RequestView is a request as it was received, validated once and whole, so that reading it cannot fail and does
// not allocate. It borrows the payload: valid until the payload's buffer is used again or written to; Clone to
// keep. Any number of goroutines may read one. The zero value asks for nothing.
type RequestView struct{ list lookup.List }

// DecodeRequest validates the payload b and returns a view of it. There may be bytes between the keys and after
// them that nobody owns. Errors: codec.ErrTruncated, codec.ErrBadLayout, codec.ErrBadAlignment,
// codec.ErrOutOfBounds, codec.ErrMissingNUL, codec.ErrInteriorNUL.
func DecodeRequest(b []byte) (RequestView, error) {
	list, err := lookup.OpenRequest(layoutRequest, b, checkKey)
	return RequestView{list}, err
}

func checkKey(key []byte) (field string, err error) {
	if len(key) < keyLeast {
		return "length", codec.ErrBadLayout
	}
	switch bytes.IndexByte(key, 0) {
	case len(key) - nulSize:
		return "", nil
	case -1:
		return "path", codec.ErrMissingNUL
	}
	return "path", codec.ErrInteriorNUL
}

// Len returns the number of paths.
func (v RequestView) Len() int { return v.list.Len() }

// Path returns path i, borrowed as the view is. It panics when i is not below Len, as a slice does.
func (v RequestView) Path(i int) codec.StrView { return codec.MakeStrView(v.path(i)) }

func (v RequestView) path(i int) []byte {
	key := v.list.Item(i)
	n := len(key) - nulSize
	return key[:n:n]
}

// All yields the paths in the order they are to be answered, borrowed as the view is.
func (v RequestView) All() iter.Seq2[int, codec.StrView] {
	return func(yield func(int, codec.StrView) bool) {
		for i := range v.Len() {
			if !yield(i, v.Path(i)) {
				return
			}
		}
	}
}
