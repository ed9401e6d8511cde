package wire

import "strconv"

// Kind tells requests, responses and control messages apart.
type Kind uint16

// The kinds.
const (
	KindRequest  Kind = 1
	KindResponse Kind = 2
	KindControl  Kind = 3
)

// String returns the kind's name in the specification, or its number.
func (k Kind) String() string {
	switch k {
	case KindRequest:
		return "REQUEST"
	case KindResponse:
		return "RESPONSE"
	case KindControl:
		return "CONTROL"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Flags of a header. Unknown bits are ignored on receipt (spec 15-q).
type Flags uint16

// FlagBatch marks a payload that begins with a batch directory.
const FlagBatch Flags = 1

// Control opcodes, in the code field of a CONTROL message.
const (
	CodeHello    uint16 = 1
	CodeHelloAck uint16 = 2
)
