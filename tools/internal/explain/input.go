package explain

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Format is how packets are written down.
type Format string

// The formats.
const (
	// Auto: JSONL if it begins with '{', hexadecimal if there is nothing else in it, else binary.
	Auto Format = "auto"
	// Hex is hexadecimal digits; blanks, colons, commas and 0x are ignored. If every line begins as a packet
	// does, each is one; else they are cut as Binary is.
	Hex Format = "hex"
	// Binary is the bytes themselves: messages and chunks one after the other.
	Binary Format = "binary"
	// JSONL is a transcript: one object a line. "hex" holds a packet, "dir" ("c2s", "s2c") and "conn" say
	// whose; "event": "closed" ends a connection. Other objects are passed over.
	JSONL Format = "jsonl"
)

// Formats are all of them.
var Formats = []Format{Auto, Hex, Binary, JSONL}

// AddAll explains all packets of an input. An error means that the input is not in its format; packets that
// are wrong are no error.
func (e *Explainer) AddAll(input []byte, f Format) error {
	if f == Auto {
		f = detect(input)
	}
	switch f {
	case JSONL:
		return e.transcript(input)
	case Hex:
		packets, err := hexPackets(input)
		if err != nil {
			return err
		}
		e.addCut(packets)
	default:
		e.addCut([][]byte{input})
	}
	return nil
}

func (e *Explainer) addCut(pieces [][]byte) {
	offset := 0
	for _, piece := range pieces {
		for _, p := range cut(piece) {
			e.Add(Input{Bytes: p, Offset: offset})
			offset += len(p)
		}
	}
}

func detect(input []byte) Format {
	trimmed := bytes.TrimSpace(input)
	if bytes.HasPrefix(trimmed, []byte("{")) {
		return JSONL
	}
	if _, err := ParseHex(trimmed); err == nil && len(trimmed) > 0 {
		return Hex
	}
	return Binary
}

// hexPackets returns a piece a line if each begins as a packet does, else all in one piece.
func hexPackets(text []byte) ([][]byte, error) {
	var pieces [][]byte
	each := true
	n := 0
	for line := range bytes.Lines(text) {
		n++
		b, err := ParseHex(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if len(b) > 0 {
			pieces = append(pieces, b)
			each = each && (wire.HasMagic(b) || isChunk(b))
		}
	}
	if !each {
		pieces = [][]byte{bytes.Join(pieces, nil)}
	}
	return pieces, nil
}

// ParseHex reads hexadecimal digits. Blanks, line ends, colons and commas are ignored, and so is a 0x or \x
// before a byte.
func ParseHex(text []byte) ([]byte, error) {
	digits := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case unicode.IsSpace(rune(c)), c == ':', c == ',':
		case (c == '0' || c == '\\') && i+1 < len(text) && text[i+1] == 'x' && len(digits)%2 == 0:
			i++
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			digits = append(digits, c)
		default:
			return nil, fmt.Errorf("not hexadecimal: %q at character %d", c, i+1)
		}
	}
	if len(digits)%2 != 0 {
		return nil, fmt.Errorf("not hexadecimal: an odd number of digits, %d", len(digits))
	}
	b := make([]byte, len(digits)/2)
	_, err := hex.Decode(b, digits)
	return b, err
}

// cut finds the packets in bytes that hold one after the other. A message is followed by its chunks if a chunk
// header that fits it stands where the payload should go on; where none does, the message ends where its header
// says. What does not begin as a packet does is one.
func cut(b []byte) (packets [][]byte) {
	for len(b) > 0 {
		n := packetLen(b)
		packets = append(packets, b[:n:n])
		b = b[n:]
	}
	return packets
}

// packetLen returns the length of the first packet of b, which is not empty.
func packetLen(b []byte) int {
	if c, err := wire.DecodeChunkHeader(b); err == nil {
		return clamp(b, uint64(c.PayloadLen)+wire.ChunkHeaderSize)
	}
	h, err := wire.DecodeHeader(b)
	if err != nil {
		return len(b)
	}
	whole := clamp(b, uint64(h.PayloadLen)+wire.HeaderSize)
	if h.Kind == wire.KindControl {
		return whole
	}
	next := wire.ChunkHeader{MessageID: h.MessageID, TotalLen: h.PayloadLen + wire.HeaderSize, Index: 1}
	var want [wire.ChunkHeaderSize]byte
	next.Put(want[:])
	const known = 24 // bytes before chunk_count
	if i := bytes.Index(b[wire.HeaderSize:whole], want[:known]); i >= 0 {
		return wire.HeaderSize + i
	}
	return whole
}

func clamp(b []byte, n uint64) int { return int(min(n, uint64(len(b)))) }

// transcript explains the packets of a JSONL transcript.
func (e *Explainer) transcript(text []byte) error {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var row struct {
			Conn  int       `json:"conn"`
			Dir   Direction `json:"dir"`
			Hex   *string   `json:"hex"`
			Event string    `json:"event"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return fmt.Errorf("line %d: not a row of a transcript: %w", n, err)
		}
		if row.Event != "" && row.Event != "connected" {
			e.Closed(row.Conn)
		}
		if row.Hex == nil {
			continue
		}
		b, err := ParseHex([]byte(*row.Hex))
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if row.Dir != ClientToServer && row.Dir != ServerToClient && row.Dir != Unknown {
			return fmt.Errorf("line %d: direction %q: one of %q, %q", n, row.Dir, ClientToServer, ServerToClient)
		}
		e.Add(Input{Bytes: b, Conn: row.Conn, Direction: row.Dir})
	}
	return nil
}

// Bytes returns the bytes of an input that is one piece: hexadecimal, or binary.
func Bytes(input []byte, f Format) ([]byte, error) {
	if f == Auto {
		f = detect(input)
	}
	switch f {
	case Hex:
		return ParseHex(input)
	case JSONL:
		return nil, fmt.Errorf("a transcript, where one payload is due")
	}
	return input, nil
}
