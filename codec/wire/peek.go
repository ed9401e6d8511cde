package wire

import "encoding/binary"

// Peek is a header of which nothing was judged but its magic: for those who must answer, or explain, a
// message that DecodeHeader refuses.
type Peek struct {
	Version   uint16
	HeaderLen uint16 // bytes, as the peer wrote it
	Header    Header // any values
}

// PeekHeader reads the fields of a header without judging them. It reports false when b is shorter than a
// header or does not begin with the magic.
func PeekHeader(b []byte) (Peek, bool) {
	if len(b) < HeaderSize || !HasMagic(b) {
		return Peek{}, false
	}
	ne := binary.NativeEndian
	p := Peek{Version: ne.Uint16(b[hdrVersion:]), HeaderLen: ne.Uint16(b[hdrHeaderLen:])}
	p.Header.read(b)
	return p, true
}

// HasMagic reports whether b begins as a message of this protocol does, be it ever so short.
func HasMagic(b []byte) bool {
	return len(b) >= hdrVersion && binary.NativeEndian.Uint32(b[hdrMagic:]) == magicMessage
}
