package cgroups

import (
	"encoding/binary"
	"unsafe"

	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// What is in this file reads an index and rows that this package has made: each row that an index names is whole, and within
// the rows. There is nothing that bounds checks could find, and they would
// take half of the time.

// lookup finds the first item of an identity. It takes a nil snapshot, and is called as it is, so
// that its callers are inlined.
//
// It has the one way that nearly all lookups take, without a loop over slots and without a call: the first slot in
// the home whose tag is right has the row. find knows all others.
func lookup(s *cache.Snapshot[content], hash uint32, name string) (Item, bool) {
	if s == nil {
		return Item{}, false
	}
	c := s.Value()
	if c.mixed {
		return c.search(hash, name)
	}
	h := spread(hash)
	g := unsafe.Add(unsafe.Pointer(unsafe.SliceData(c.ids.index)), c.ids.home(h)*groupBytes)
	tags := load64(g, 0)
	set := match(tags, tagOf(h))
	if set == 0 {
		if tags < passedOn {
			return Item{}, false
		}
		return c.search(hash, name)
	}
	at := unsafe.Add(unsafe.Pointer(unsafe.SliceData(c.rows)), uintptr(load32(g, groupRows+slot(set)*4))*rowAlign)
	size := len(name)
	if r := (*row)(at); r.hash != hash || uint64(r.nameLength) != uint64(size) {
		return c.search(hash, name)
	}
	// Both ends of a name, which may overlap, without a loop: where that ends is hard to foresee, too.
	own, text := unsafe.Add(at, rowName), unsafe.Pointer(unsafe.StringData(name))
	var differ uint64
	switch {
	case size > 32:
		if unsafe.String((*byte)(own), size) != name {
			differ = 1
		}
	case size > 16:
		differ = (load64(own, 0) ^ load64(text, 0)) | (load64(own, 8) ^ load64(text, 8)) |
			(load64(own, size-16) ^ load64(text, size-16)) | (load64(own, size-8) ^ load64(text, size-8))
	case size >= 8:
		differ = (load64(own, 0) ^ load64(text, 0)) | (load64(own, size-8) ^ load64(text, size-8))
	case size >= 4:
		differ = uint64((load32(own, 0) ^ load32(text, 0)) | (load32(own, size-4) ^ load32(text, size-4)))
	default: // an empty name may end where the rows do: nothing points there
		return c.search(hash, name)
	}
	if differ != 0 {
		return c.search(hash, name)
	}
	return Item{(*row)(at), c}, true
}

// search is lookup for all that is not so simple.
func (c *content) search(hash uint32, name string) (Item, bool) {
	return itemOf(c.find(hash, name), c)
}

// load32 and load64 read numbers that need not be aligned. Each becomes one load where the machine has that.
func load32(p unsafe.Pointer, at int) uint32 {
	return binary.NativeEndian.Uint32((*[4]byte)(unsafe.Add(p, at))[:])
}

func load64(p unsafe.Pointer, at int) uint64 {
	return binary.NativeEndian.Uint64((*[8]byte)(unsafe.Add(p, at))[:])
}
