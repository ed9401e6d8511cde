package lookup

import (
	"encoding/binary"
	"sort"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
)

// List is the directory of a request or a response and the items that it names, borrowed from a payload. It is
// whole once Check has said so. The zero value has no items.
//
// It is four words, because that is how large a struct may be to be kept in registers: one that is larger is copied
// through memory whenever a view is used.
type List struct {
	b    []byte // the payload
	n    uint32 // items, whose directory is there
	even bool   // see Even
}

// start returns where the packed area begins.
func (l List) start() uint64 { return HeaderSize + uint64(l.n)*EntrySize }

// dir returns the directory.
func (l List) dir() []byte {
	if l.n == 0 {
		return nil
	}
	return l.b[HeaderSize:l.start()]
}

// Check judges one item; field and err say what is wrong with it.
type Check func(item []byte) (field string, err error)

// Usual reports whether an item is as builders write it, so that Check has nothing against it. False says nothing.
type Usual func(item []byte) bool

func never([]byte) bool { return false }

// OpenRequest validates the request b: header, directory, and each key by check. layout is for errors.
func OpenRequest(layout string, b []byte, check Check) (List, error) {
	l, err := openRequest(layout, b)
	if err != nil {
		return List{}, err
	}
	return l.checked(layout, never, check)
}

// OpenEvenRequest is OpenRequest for keys of a fixed size, a multiple of bounds.Align: where they lie one right after the
// other, as Packer.Even puts them, they are judged all at once by clean; that is what clients send. Otherwise, and where
// clean says no, each is judged by check.
func OpenEvenRequest(layout string, b []byte, size uint64, clean func(keys []byte) bool, check Check) (List, error) {
	l, err := openRequest(layout, b)
	if err != nil {
		return List{}, err
	}
	if keys := l.evenly(size); keys != nil && clean(keys) {
		l.even = true
		return l, nil
	}
	return l.checked(layout, never, check)
}

func openRequest(layout string, b []byte) (List, error) {
	l, reserved, err := open(layout, b)
	if err == nil && reserved != 0 {
		err = codec.FieldError(layout, "reserved", codec.ErrBadLayout)
	}
	return l, err
}

// Even returns the bytes of all items of a list that OpenEvenRequest has judged at once, of that size; of another one nil.
func (l List) Even(size uint64) []byte {
	if !l.even {
		return nil
	}
	start := l.start()
	end := start + uint64(l.n)*size
	return l.b[start:end:end]
}

// evenly returns the bytes of all items, if each has size bytes and they lie one right after the other; else nil.
func (l List) evenly(size uint64) []byte {
	packed := l.Packed()
	end := uint64(l.n) * size
	if end > uint64(len(packed)) {
		return nil
	}
	ne, dir := binary.NativeEndian, l.dir()
	off := uint32(0)
	for at := 0; at <= len(dir)-EntrySize; at += EntrySize {
		e := dir[at : at+EntrySize]
		if ne.Uint32(e[entOffset:]) != off || ne.Uint32(e[entLength:]) != uint32(size) {
			return nil
		}
		off += uint32(size)
	}
	return packed[:end:end]
}

// OpenResponse validates the response b: header, directory, and each item by check, unless it is a usual one. layout is
// for errors.
func OpenResponse(layout string, b []byte, usual Usual, check Check) (l List, generation uint64, err error) {
	l, generation, err = open(layout, b)
	if err != nil {
		return List{}, 0, err
	}
	if l, err = l.checked(layout, usual, check); err != nil {
		return List{}, 0, err
	}
	return l, generation, nil
}

// open validates the header, and that the directory is there; last is the number that ends the header.
func open(layout string, b []byte) (l List, last uint64, err error) {
	if len(b) < HeaderSize {
		return l, 0, codec.FieldError(layout, "", codec.ErrTruncated)
	}
	ne := binary.NativeEndian
	switch {
	case ne.Uint16(b[hdrVersion:]) != Version:
		return l, 0, codec.FieldError(layout, "layout_version", codec.ErrBadLayout)
	case ne.Uint16(b[hdrFlags:]) != 0:
		return l, 0, codec.FieldError(layout, "flags", codec.ErrBadLayout)
	}
	l.n = ne.Uint32(b[hdrItemCount:])
	if l.start() > uint64(len(b)) {
		return List{}, 0, codec.FieldError(layout, "directory", codec.ErrTruncated)
	}
	l.b = b
	return l, ne.Uint64(b[hdrGeneration:]), nil
}

// Answered returns how many items the response b has, and how many of them come before the first whose status, a u16 at
// a fixed place, is exceeded, if all behind it are so too. Where the first of several is oversized, there are none: that
// one has to be asked for alone first. Nobody has checked b.
func Answered(b []byte, status uint64, exceeded, oversized uint16) (items, answered int) {
	l, _, err := open("", b)
	if err != nil {
		return 0, 0
	}
	packed := l.Packed()
	is := func(i int, want uint16) bool {
		at, end := l.Span(i)
		at += status
		return at+2 <= min(end, uint64(len(packed))) && binary.NativeEndian.Uint16(packed[at:]) == want
	}
	switch items = l.Len(); {
	case items > 1 && is(0, oversized):
		return items, 0
	case items == 0 || !is(items-1, exceeded):
		return items, items
	}
	return items, sort.Search(items, func(i int) bool { return is(i, exceeded) })
}

// checked returns l if every item lies behind the one before it, and is usual or check has nothing against it.
func (l List) checked(layout string, usual Usual, check Check) (List, error) {
	ne, prev := binary.NativeEndian, uint64(0)
	dir, packed := l.dir(), l.Packed()
	for at := 0; at <= len(dir)-EntrySize; at += EntrySize {
		e := dir[at : at+EntrySize]
		off := uint64(ne.Uint32(e[entOffset:]))
		end := off + uint64(ne.Uint32(e[entLength:]))
		var field string
		var err error
		switch {
		case off%bounds.Align != 0:
			field, err = "offset", codec.ErrBadAlignment
		case off < prev:
			field, err = "offset", codec.ErrBadLayout
		case end > uint64(len(packed)):
			field, err = "length", codec.ErrOutOfBounds
		case !usual(packed[off:end]):
			field, err = check(packed[off:end])
		}
		if err != nil {
			return List{}, codec.ItemError(layout, at/EntrySize, field, err)
		}
		prev = end
	}
	return l, nil
}

// Len returns the number of items.
func (l List) Len() int { return int(l.n) }

// Span returns where item i begins and ends in the packed area, in 64 bits. It panics when i is not below Len.
func (l List) Span(i int) (off, end uint64) {
	_ = l.b[i] // so that what follows does not wrap
	e := (*[EntrySize]byte)(l.b[HeaderSize+uint64(i)*EntrySize : l.start()])
	off = uint64(binary.NativeEndian.Uint32(e[entOffset:]))
	return off, off + uint64(binary.NativeEndian.Uint32(e[entLength:]))
}

// Item returns the bytes of item i. It panics when i is not below Len, as a slice does.
func (l List) Item(i int) []byte {
	_ = l.b[i] // as in Span, which is written out here so that callers in other packages inline the views' own Item
	e := (*[EntrySize]byte)(l.b[HeaderSize+uint64(i)*EntrySize : l.start()])
	off := uint64(binary.NativeEndian.Uint32(e[entOffset:]))
	end := off + uint64(binary.NativeEndian.Uint32(e[entLength:]))
	return l.b[l.start():][off:end:end]
}

// Packed returns the packed area, where the items lie.
func (l List) Packed() []byte {
	if l.b == nil {
		return nil
	}
	return l.b[l.start():]
}

// Generation returns the number that ends the header, 0 where there is none.
func (l List) Generation() uint64 {
	if l.b == nil {
		return 0
	}
	return binary.NativeEndian.Uint64(l.b[hdrGeneration:])
}
