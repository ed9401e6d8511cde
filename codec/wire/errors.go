package wire

import "errors"

// What can be wrong with an envelope, beside the errors of package codec.
var (
	// ErrBadMagic: these bytes are not a message of this protocol.
	ErrBadMagic = errors.New("bad magic")
	// ErrBadVersion: the envelope's version is not 1.
	ErrBadVersion = errors.New("bad version")
	// ErrBadHeaderLen: header_len is not 32.
	ErrBadHeaderLen = errors.New("bad header length")
	// ErrBadKind: neither REQUEST nor RESPONSE nor CONTROL.
	ErrBadKind = errors.New("bad kind")
)

// FieldLayoutVersion is the Field of the *codec.Error for a handshake payload of another layout version: the
// one bad layout that means "incompatible" rather than "malformed".
const FieldLayoutVersion = "layout_version"

// The Layout of this package's *codec.Error.
const (
	layoutHeader   = "header"
	layoutChunk    = "chunk header"
	layoutHello    = "HELLO"
	layoutHelloAck = "HELLO_ACK"
	layoutBatch    = "batch"
)
