package stringreverse

// The only numbers of this package, in bytes (spec 07, "STRING_REVERSE"). Request and response alike, host byte
// order:
//
//	0 u32 offset=8
//	4 u32 length
//	8 bytes NUL
const (
	offOffset = 0 // u32
	offLength = 4 // u32
	offBytes  = 8
	nulSize   = 1
)

// An index other than 0 does not compile: the string begins where the fixed part ends.
var _ = [1]struct{}{}[offLength+4-offBytes]

// The Layout of this package's *codec.Error.
const (
	layoutRequest  = "STRING_REVERSE request"
	layoutResponse = "STRING_REVERSE response"
)
