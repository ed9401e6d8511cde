package explain

import "fmt"

// Report is what was found out about a number of packets. Its JSON form is what `netipc decode -o json` prints.
type Report struct {
	OK       bool      `json:"ok"` // no packet has a Problem
	Packets  []*Packet `json:"packets"`
	Problems []Problem `json:"problems"` // of packets, and of messages that never became whole; in order
}

// Packet is one packet, explained.
type Packet struct {
	Number    int        `json:"packet"` // from 1
	Conn      int        `json:"conn,omitempty"`
	Direction Direction  `json:"dir,omitempty"`
	Offset    int        `json:"offset"` // of its first byte in the input, where that is one piece
	Size      int        `json:"size"`   // bytes
	Title     string     `json:"title"`
	Sections  []*Section `json:"sections"`
	Notes     []string   `json:"notes,omitempty"` // what is odd, but accepted
}

// Section is a part of a packet that has a name of its own.
type Section struct {
	Title  string  `json:"title"`
	Fields []Field `json:"fields"`
}

// Field is one field. Offsets count from the first byte of the packet; in a message that came in several
// packets, from the first byte of its header, as if it had come in one.
type Field struct {
	Offset int    `json:"offset"`
	Size   int    `json:"size"` // bytes
	Type   string `json:"type"` // u16, u32, u64, string, bytes
	Name   string `json:"name"`
	// Value is a number for u16, u32 and u64, text for string (with U+FFFD for what is not UTF-8) and
	// hexadecimal for bytes. Long ones are cut: Cut says how many bytes are not shown.
	Value any    `json:"value"`
	Hex   string `json:"hex,omitempty"` // the bytes of a string that is not UTF-8
	Cut   int    `json:"cut,omitempty"`
	Note  string `json:"note,omitempty"`  // what the value means
	Wrong string `json:"wrong,omitempty"` // what is wrong with it

	text string // Value for people
}

// Problem is the first thing that is wrong with a packet: what a receiver ends the session over.
type Problem struct {
	Packet  int    `json:"packet"`
	Offset  int    `json:"offset"` // of the field; in the message, if that came in several packets
	Field   string `json:"field"`  // "header: version", "CGROUPS_SNAPSHOT response: item 3: name_offset"
	Message string `json:"message"`
}

func (p Problem) Error() string {
	return fmt.Sprintf("packet %d, offset %d: %s: %s", p.Packet, p.Offset, p.Field, p.Message)
}

// Direction says who sent a packet.
type Direction string

// The directions, as transcripts have them.
const (
	Unknown        Direction = ""
	ClientToServer Direction = "c2s"
	ServerToClient Direction = "s2c"
)
