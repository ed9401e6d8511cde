package cgroupsnapshot

import "github.com/plugin-ipc/netipc/codec/internal/bounds"

// The only numbers of this package: where each field lies, in bytes (spec 07, "CGROUPS_SNAPSHOT"). Host byte
// order.

// layoutVersion is the version of the request, of the response and of an item.
const layoutVersion = 1

// Request:
//
//	0 u16 layout_version
//	2 u16 flags=0
const (
	// RequestSize is the size of a request in bytes.
	RequestSize = 4

	reqVersion = 0 // u16
	reqFlags   = 2 // u16, zero
	reqEnd     = 4
)

// Response: header, directory, packed area.
//
//	 0 u16 layout_version    8 u32 systemd_enabled
//	 2 u16 flags=0          12 u32 zero
//	 4 u32 item_count       16 u64 generation
//	24 item_count x { u32 offset, u32 length }   offset from the end of the directory
//	   items, each at a multiple of 8 from there
const (
	// GenerationOffset is where the generation lies in a response, a u64, in bytes from the start: answers that differ
	// in nothing else say the same. DecodeResponse takes any.
	GenerationOffset = 16
	// DirectoryOffset is where the directory begins in a response, in bytes from the start: entries of EntrySize bytes, of
	// which the first four say where an item begins, counted from the end of the directory.
	DirectoryOffset = headerSize
	// EntrySize is the size of a directory entry.
	EntrySize = entrySize

	respVersion    = 0  // u16
	respFlags      = 2  // u16, zero
	respItemCount  = 4  // u32
	respSystemd    = 8  // u32
	respPadding    = 12 // u32, zero
	respGeneration = GenerationOffset
	headerSize     = 24

	entOffset = 0 // u32
	entLength = 4 // u32
	entrySize = 8
)

// Item, string offsets from its start:
//
//	0 u16 layout_version   12 u32 enabled       24 u32 path_offset
//	2 u16 flags=0          16 u32 name_offset   28 u32 path_length
//	4 u32 hash             20 u32 name_length   32 name NUL path NUL
//	8 u32 options
const (
	itemVersion    = 0  // u16
	itemFlags      = 2  // u16, zero
	itemHash       = 4  // u32
	itemOptions    = 8  // u32
	itemEnabled    = 12 // u32
	itemNameOffset = 16 // u32
	itemNameLength = 20 // u32
	itemPathOffset = 24 // u32
	itemPathLength = 28 // u32
	itemFixed      = 32

	// itemLeast is the room that the smallest item takes with its directory entry.
	itemLeast = entrySize + (itemFixed+2+bounds.Align-1)&^(bounds.Align-1)
)

// An index other than 0 does not compile: the layouts end where their sizes say, and the directory and the
// packed area after it are aligned.
var (
	_ = [1]struct{}{}[reqEnd-RequestSize]
	_ = [1]struct{}{}[respGeneration+8-headerSize]
	_ = [1]struct{}{}[itemPathLength+4-itemFixed]
	_ = [1]struct{}{}[headerSize%bounds.Align]
	_ = [1]struct{}{}[entrySize-bounds.Align]
)

// The Layout of this package's *codec.Error.
const (
	layoutRequest  = "CGROUPS_SNAPSHOT request"
	layoutResponse = "CGROUPS_SNAPSHOT response"
)
