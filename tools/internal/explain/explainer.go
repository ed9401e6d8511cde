package explain

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Input is one packet to be explained.
type Input struct {
	Bytes     []byte
	Offset    int // where it lay in a longer input; shown, not used
	Conn      int // which connection; packets of different ones have nothing to do with each other
	Direction Direction
}

// Explainer explains packets one after the other, and what they make together. The zero value is not ready:
// New. One goroutine may use it.
type Explainer struct {
	// MaxItems bounds how many items of one message are shown; all are judged. 0: all are shown.
	MaxItems int

	report  Report
	partial map[stream]*partial
	agreed  map[int]uint32 // packet size by connection, from the last HELLO_ACK
}

// stream is one direction of one connection. Unknown directions count as one.
type stream struct {
	conn int
	dir  Direction
}

// DefaultMaxItems is what New sets MaxItems to.
const DefaultMaxItems = 1000

// New returns an Explainer that knows of no packet.
func New() *Explainer {
	return &Explainer{
		MaxItems: DefaultMaxItems,
		report:   Report{Packets: []*Packet{}, Problems: []Problem{}},
		partial:  map[stream]*partial{},
		agreed:   map[int]uint32{},
	}
}

// Add explains one packet.
func (e *Explainer) Add(in Input) {
	x := &explanation{
		e:  e,
		in: in,
		p: &Packet{
			Number:    len(e.report.Packets) + 1,
			Conn:      in.Conn,
			Direction: in.Direction,
			Offset:    in.Offset,
			Size:      len(in.Bytes),
			Sections:  []*Section{},
		},
	}
	e.report.Packets = append(e.report.Packets, x.p)
	switch m := e.partial[x.stream()]; {
	case isChunk(in.Bytes):
		x.chunk(m)
	default:
		if m != nil {
			m.giveUp(fmt.Sprintf("packet %d begins another message", x.p.Number))
		}
		x.message()
	}
}

// Finish returns what was found out. Messages that are not whole by now never will be.
func (e *Explainer) Finish() Report {
	for _, m := range e.partial {
		m.giveUp("no packet follows")
	}
	slices.SortStableFunc(e.report.Problems, func(a, b Problem) int { return cmp.Compare(a.Packet, b.Packet) })
	e.report.OK = len(e.report.Problems) == 0
	return e.report
}

// Closed says that a connection ended: what was not whole never will be.
func (e *Explainer) Closed(conn int) {
	for s, m := range e.partial {
		if s.conn == conn {
			m.giveUp("the connection ended")
		}
	}
	delete(e.agreed, conn)
}

func isChunk(b []byte) bool {
	_, err := wire.DecodeChunkHeader(b)
	return err == nil || len(b) >= magicSize && chunkLayout.fields[0].read(b) == magicChunk
}

// explanation is the work on one packet.
type explanation struct {
	e  *Explainer
	in Input
	p  *Packet
	// bad is set by the first problem: what comes after it in this packet is not judged any more.
	bad bool
}

func (x *explanation) stream() stream { return stream{x.in.Conn, x.in.Direction} }

func (x *explanation) note(format string, args ...any) {
	x.p.Notes = append(x.p.Notes, fmt.Sprintf(format, args...))
}

// problem records what is wrong with the packet, once.
func (x *explanation) problem(offset int, field, message string) {
	if x.bad {
		return
	}
	x.bad = true
	x.e.report.Problems = append(x.e.report.Problems, Problem{x.p.Number, offset, field, message})
}
