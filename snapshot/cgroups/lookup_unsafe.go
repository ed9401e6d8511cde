package cgroups

import (
	"encoding/binary"
	"unsafe"

	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// What is in this file reads an index and rows that this package has made, after the decoder has judged what a
// provider sent: each row that an index names is whole, and within the rows. There is nothing that bounds checks
// could find, and they would take half of the time.

// lookup finds the first row of an identity and fills in its item. It takes a nil snapshot, and is called as it is, so
// that its callers are inlined; and it has no Item for a result, because one of so many fields is copied about.
//
// It has the one way that nearly all lookups take, without a loop over slots and without a call: the first slot in
// the home whose tag is right has the row. find knows all others.
func lookup(s *cache.Snapshot[content], hash uint32, name string, it *Item) bool {
	if s == nil {
		return false
	}
	c := s.Value()
	if c.mixed {
		return c.find(hash, name, it) >= 0
	}
	h := spread(hash)
	g := unsafe.Add(unsafe.Pointer(unsafe.SliceData(c.byID)), c.byID.home(h)*groupBytes)
	tags := load64(g, 0)
	set := match(tags, tagOf(h))
	if set == 0 {
		if tags < passedOn {
			return false
		}
		return c.find(hash, name, it) >= 0
	}
	row := uintptr(load32(g, groupRows+slot(set)*4)) * rowAlign
	r := unsafe.Add(unsafe.Pointer(unsafe.StringData(c.rows)), row)
	if load32(r, rowHash) != hash || uint64(load32(r, rowNameLength)) != uint64(len(name)) {
		return c.find(hash, name, it) >= 0
	}
	size := len(name)
	if size < 4 { // an empty name may end where the rows do: nothing points there
		return c.find(hash, name, it) >= 0
	}
	own, text := unsafe.Add(r, rowName), unsafe.Pointer(unsafe.StringData(name))
	var differ uint64
	if size >= 8 { // the last eight bytes, and all eights before
		differ = load64(own, size-8) ^ load64(text, size-8)
		for i := 0; i < size-8; i += 8 {
			differ |= load64(own, i) ^ load64(text, i)
		}
	} else {
		differ = uint64(load32(own, 0) ^ load32(text, 0) | load32(own, size-4) ^ load32(text, size-4))
	}
	if differ != 0 {
		return c.find(hash, name, it) >= 0
	}
	it.Hash, it.Options, it.Enabled = hash, load32(r, rowOptions), load32(r, rowEnabled)
	path := unsafe.Add(unsafe.Pointer(unsafe.StringData(c.answer)), load32(r, rowPath))
	it.Name, it.Path = unsafe.String((*byte)(own), size), unsafe.String((*byte)(path), load32(r, rowPathLength))
	return true
}

// load32 and load64 read numbers that need not be aligned. Each becomes one load where the machine has that.
func load32(p unsafe.Pointer, at int) uint32 {
	return binary.NativeEndian.Uint32((*[4]byte)(unsafe.Add(p, at))[:])
}

func load64(p unsafe.Pointer, at int) uint64 {
	return binary.NativeEndian.Uint64((*[8]byte)(unsafe.Add(p, at))[:])
}

// u32 reads a number of a row.
func u32(s string, at int) uint32 {
	_ = s[at : at+4]
	return load32(unsafe.Pointer(unsafe.StringData(s)), at)
}
