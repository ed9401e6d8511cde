package cgrouplookup

import (
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// The only numbers of this package, beside those that both lookups share (codec/internal/lookup): where each
// field lies, in bytes (spec 07, "CGROUPS_LOOKUP"). Host byte order.

// Request item: path NUL, at least 2 bytes.
const (
	keyLeast = 2
	nulSize  = 1
)

// Response item, string offsets from its start:
//
//	0 u16 layout_version    8 u32 path_offset   24 u16 label_count
//	2 u16 status           12 u32 path_length   26 u16 zero
//	4 u16 orchestrator     16 u32 name_offset   28 path NUL name NUL
//	6 u16 zero             20 u32 name_length      labels
const (
	itemVersion      = 0  // u16
	itemStatus       = 2  // u16
	itemOrchestrator = 4  // u16
	itemZero         = 6  // u16
	itemPathOffset   = 8  // u32
	itemPathLength   = 12 // u32
	itemNameOffset   = 16 // u32
	itemNameLength   = 20 // u32
	itemLabelCount   = 24 // u16
	itemZero2        = 26 // u16
	itemFixed        = 28
)

// shortest returns the size of an item that says nothing but its path, of that length, and a status.
func shortest(path uint64) uint64 { return itemFixed + path + nulSize + nulSize }

// An index other than 0 does not compile: the item ends where its size says, and has every number at a multiple
// of the number's size.
var (
	_ = [1]struct{}{}[itemZero2+2-itemFixed]
	_ = [1]struct{}{}[itemPathOffset%4]
	_ = [1]struct{}{}[lookup.EntrySize%bounds.Align]
)

// The Layout of this package's *codec.Error.
const (
	layoutRequest  = "CGROUPS_LOOKUP request"
	layoutResponse = "CGROUPS_LOOKUP response"
)
