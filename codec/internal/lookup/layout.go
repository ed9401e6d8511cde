package lookup

import "github.com/plugin-ipc/netipc/codec/internal/bounds"

// Numbers that both lookups share, in bytes (spec 07, "Lookups: common parts"). Host byte order.

// Version is the layout version of requests, responses and items.
const Version = 1

// Request and response: header, directory, packed area.
//
//	 0 u16 layout_version    8 u64 generation; two u32 zero in a request
//	 2 u16 flags=0
//	 4 u32 item_count
//	16 item_count x { u32 offset, u32 length }   offset from the end of the directory
//	   items in the order of the directory, each at a multiple of 8 from there
const (
	// HeaderSize is the size of the header, in bytes.
	HeaderSize = 16
	// EntrySize is the size of an entry of the directory, in bytes.
	EntrySize = 8

	hdrVersion    = 0 // u16
	hdrFlags      = 2 // u16, zero
	hdrItemCount  = 4 // u32
	hdrGeneration = 8 // u64, zero in a request

	entOffset = 0 // u32
	entLength = 4 // u32
)

// Labels of an item, offsets from the start of the item:
//
//	  zeros up to a multiple of 8
//	0 label_count x { u32 key_offset, u32 key_length, u32 value_offset, u32 value_length }
//	  key NUL value NUL, in the same order, without gaps, to the end of the item
const (
	labKeyOffset   = 0  // u32
	labKeyLength   = 4  // u32
	labValueOffset = 8  // u32
	labValueLength = 12 // u32
	labelSize      = 16
)

// An index other than 0 does not compile: the layouts end where their sizes say, and directory and packed area
// are aligned.
var (
	_ = [1]struct{}{}[hdrGeneration+8-HeaderSize]
	_ = [1]struct{}{}[entLength+4-EntrySize]
	_ = [1]struct{}{}[labValueLength+4-labelSize]
	_ = [1]struct{}{}[HeaderSize%bounds.Align]
	_ = [1]struct{}{}[EntrySize-bounds.Align]
)
