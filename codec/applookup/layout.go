package applookup

import "github.com/plugin-ipc/netipc/codec/internal/bounds"

// The only numbers of this package, beside those that both lookups share (codec/internal/lookup): where each
// field lies, in bytes (spec 07, "APPS_LOOKUP"). Host byte order.

// Request item:
//
//	0 u32 pid
//	4 u32 zero
const (
	keyPID  = 0 // u32
	keyZero = 4 // u32
	keySize = 8
)

// Response item, string offsets from its start. It is 60 bytes, not the 64 that its u64 would make of it:
//
//	 0 u16 layout_version   16 u32 uid                  44 u32 cgroup_path_length
//	 2 u16 status           20 u32 zero                 48 u32 cgroup_name_offset
//	 4 u16 orchestrator     24 u64 starttime            52 u32 cgroup_name_length
//	 6 u16 cgroup_status    32 u32 comm_offset          56 u16 label_count
//	 8 u32 pid              36 u32 comm_length          58 u16 zero
//	12 u32 ppid             40 u32 cgroup_path_offset   60 comm NUL cgroup_path NUL cgroup_name NUL
//	                                                       labels
const (
	itemVersion      = 0  // u16
	itemStatus       = 2  // u16
	itemOrchestrator = 4  // u16
	itemCgroupStatus = 6  // u16
	itemPID          = 8  // u32
	itemPPID         = 12 // u32
	itemUID          = 16 // u32
	itemZero         = 20 // u32
	itemStartTime    = 24 // u64
	itemCommOffset   = 32 // u32
	itemCommLength   = 36 // u32
	itemPathOffset   = 40 // u32
	itemPathLength   = 44 // u32
	itemNameOffset   = 48 // u32
	itemNameLength   = 52 // u32
	itemLabelCount   = 56 // u16
	itemZero2        = 58 // u16
	itemFixed        = 60

	// CommMax is the length of the longest comm, in bytes, without its NUL.
	CommMax = 15

	nulSize = 1

	// shortest is the size of an item that says nothing but its pid and a status.
	shortest        = itemFixed + 3*nulSize
	shortestRounded = (shortest + bounds.Align - 1) &^ (bounds.Align - 1)
)

// An index other than 0 does not compile: the layouts end where their sizes say, keys leave no gaps, and every
// number lies at a multiple of its size.
var (
	_ = [1]struct{}{}[keyZero+4-keySize]
	_ = [1]struct{}{}[keySize%bounds.Align]
	_ = [1]struct{}{}[itemZero2+2-itemFixed]
	_ = [1]struct{}{}[itemStartTime%8]
)

// The Layout of this package's *codec.Error.
const (
	layoutRequest  = "APPS_LOOKUP request"
	layoutResponse = "APPS_LOOKUP response"
)
