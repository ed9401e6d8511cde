package shm

// A region of version 3, in the byte order of the host (spec 03). The file is as long as both areas reach.
//
//	 0  header, 64 bytes, written once but for the words from 32 on
//	64  request area: one message, header and payload   (client writes)
//	 …  response area: one message                       (server writes)
const (
	// Magic is the first word of a region.
	Magic = 0x4e53484d
	// Version is the one version of this layout.
	Version = 3
	// HeaderSize is the size of the header, and what header_len says.
	HeaderSize = 64
	// Align is what offsets and capacities are multiples of.
	Align = 64
)

// Offsets of the header's fields, in bytes. Those before OffReqSeq are written by the server before the client
// can know of the region, and never again. The others are atomic words: one side writes, the other waits.
const (
	OffMagic            = 0  // u32
	OffVersion          = 4  // u16
	OffHeaderLen        = 6  // u16
	OffOwnerPID         = 8  // i32
	OffOwnerGeneration  = 12 // u32, not zero
	OffRequestOffset    = 16 // u32
	OffRequestCapacity  = 20 // u32
	OffResponseOffset   = 24 // u32
	OffResponseCapacity = 28 // u32

	OffReqSeq     = 32 // u64, requests published
	OffRespSeq    = 40 // u64, responses published
	OffReqLen     = 48 // u32, bytes of the last request, header included
	OffRespLen    = 52 // u32
	OffReqSignal  = 56 // u32, futex word of who waits for a request
	OffRespSignal = 60 // u32
)

// The header has no gap and ends where it should.
const (
	_ = uint(OffReqSeq - (OffResponseCapacity + 4))
	_ = uint(HeaderSize - (OffRespSignal + 4))
	_ = uint((OffRespSignal + 4) - HeaderSize)
)
