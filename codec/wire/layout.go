package wire

// The only numbers of this package: where each field of each fixed layout lies, in bytes (spec 01). The types
// that are laid out so carry the drawing. Host byte order.

// Version is the version of the envelope: of the outer header and of the chunk header.
const Version = 1

// Sizes in bytes. HELLO and HELLO_ACK are payloads: their messages are HeaderSize longer.
const (
	HeaderSize      = 32
	ChunkHeaderSize = 32
	HelloSize       = 44
	HelloAckSize    = 48

	// helloAckDraftSize is the acknowledgement of the protocol's first draft: the same bytes without the
	// session id. It is accepted, never sent (spec 01, 15-y).
	helloAckDraftSize = 36
)

// Outer header.
const (
	magicMessage = 0x4e495043

	hdrMagic      = 0  // u32
	hdrVersion    = 4  // u16
	hdrHeaderLen  = 6  // u16
	hdrKind       = 8  // u16
	hdrFlags      = 10 // u16
	hdrCode       = 12 // u16
	hdrStatus     = 14 // u16
	hdrPayloadLen = 16 // u32
	hdrItemCount  = 20 // u32
	hdrMessageID  = 24 // u64
	hdrEnd        = 32
)

// Chunk continuation header.
const (
	magicChunk = 0x4e43484b

	chkMagic      = 0  // u32
	chkVersion    = 4  // u16
	chkFlags      = 6  // u16, zero
	chkMessageID  = 8  // u64
	chkTotalLen   = 16 // u32
	chkIndex      = 20 // u32
	chkCount      = 24 // u32
	chkPayloadLen = 28 // u32
	chkEnd        = 32
)

// layoutVersion is the version of the HELLO and HELLO_ACK payloads.
const layoutVersion = 1

// HELLO.
const (
	hloVersion            = 0  // u16
	hloFlags              = 2  // u16
	hloSupported          = 4  // u32
	hloPreferred          = 8  // u32
	hloMaxRequestPayload  = 12 // u32
	hloMaxRequestItems    = 16 // u32
	hloMaxResponsePayload = 20 // u32
	hloMaxResponseItems   = 24 // u32
	hloPadding            = 28 // u32, zero
	hloAuthToken          = 32 // u64
	hloPacketSize         = 40 // u32
	hloEnd                = 44
)

// HELLO_ACK.
const (
	ackVersion            = 0  // u16
	ackFlags              = 2  // u16, zero
	ackSupported          = 4  // u32
	ackIntersection       = 8  // u32
	ackSelected           = 12 // u32
	ackMaxRequestPayload  = 16 // u32
	ackMaxRequestItems    = 20 // u32
	ackMaxResponsePayload = 24 // u32
	ackMaxResponseItems   = 28 // u32
	ackPacketSize         = 32 // u32
	ackDraftEnd           = 36
	ackPadding            = 36 // u32, zero
	ackSessionID          = 40 // u64
	ackEnd                = 48
)

// Batch directory entry.
const (
	// BatchEntrySize is the size of one directory entry in bytes.
	BatchEntrySize = 8

	entOffset = 0 // u32
	entLength = 4 // u32
	entEnd    = 8
)

// An index other than 0 does not compile: the layouts end where their sizes say.
var (
	_ = [1]struct{}{}[hdrEnd-HeaderSize]
	_ = [1]struct{}{}[chkEnd-ChunkHeaderSize]
	_ = [1]struct{}{}[hloEnd-HelloSize]
	_ = [1]struct{}{}[ackEnd-HelloAckSize]
	_ = [1]struct{}{}[ackDraftEnd-helloAckDraftSize]
	_ = [1]struct{}{}[entEnd-BatchEntrySize]
)
