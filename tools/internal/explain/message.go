package explain

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// message explains a packet that begins with an outer header, or should.
func (x *explanation) message() {
	b := x.in.Bytes
	if len(b) >= magicSize && !wire.HasMagic(b) {
		x.stranger()
		return
	}
	s := x.section("header", headerLayout, b, 0)
	h, err := wire.DecodeHeader(b)
	if err != nil {
		x.p.Title = "message with a bad header"
		x.fail(s, headerLayout, err, 0, min(len(b), wire.HeaderSize))
		x.rest("unexplained", wire.HeaderSize)
		return
	}
	s.say("code", codeName(h))
	x.p.Title = title(h)
	if h.Kind == wire.KindControl {
		x.control(s, h)
		return
	}
	x.direction(s, h)
	switch size := uint64(len(b) - wire.HeaderSize); {
	case uint64(h.PayloadLen)+wire.HeaderSize > math.MaxUint32:
		x.wrong(s, "payload_len", codec.ErrOverflow.Error()+": the length of a message is a u32")
		x.rest("unexplained", wire.HeaderSize)
	case size > uint64(h.PayloadLen):
		x.wrong(s, "payload_len", fmt.Sprintf("the packet has %d bytes behind the header", size))
		x.rest("unexplained", wire.HeaderSize)
	case size < uint64(h.PayloadLen):
		x.begin(s, h)
	default:
		x.whole(s, h, b)
	}
}

// whole explains the payload of a message; s is the section of its header.
func (x *explanation) whole(s *Section, h wire.Header, msg []byte) {
	x.oddities(h)
	payload := msg[wire.HeaderSize:]
	switch {
	case h.Kind == wire.KindResponse && h.Status != wire.StatusOK:
		x.noAnswer(h, payload)
	case !h.IsBatch():
		x.payload(typeOf(h), payload, wire.HeaderSize)
	case codec.Method(h.Code) == codec.MethodCgroupsSnapshot:
		x.wrong(s, "flags", "this method has no batches")
		x.bytes("unexplained", payload, wire.HeaderSize)
	case h.ItemCount == 0:
		x.wrong(s, "item_count", codec.ErrBadCount.Error()+": a batch has items")
		x.bytes("unexplained", payload, wire.HeaderSize)
	default:
		x.batch(s, h, payload)
	}
}

// oddities notes what every receiver accepts, and no writer of ours does.
func (x *explanation) oddities(h wire.Header) {
	failed := h.Kind == wire.KindResponse && h.Status != wire.StatusOK
	switch {
	case h.IsBatch() && !failed && h.ItemCount == 1:
		x.note("a batch of one: writers send a plain message instead")
	case !h.IsBatch() && h.ItemCount != 1:
		x.note("item_count is %d without BATCH: ignored up to the agreed limit", h.ItemCount)
	case failed && (h.IsBatch() || h.ItemCount != 1):
		x.note("an answer that failed has flags 0 and item_count 1; older peers keep those of the request")
	}
	if h.Kind == wire.KindRequest && h.Status != wire.StatusOK {
		x.note("transport_status of a request is ignored")
	}
}

// noAnswer explains a response that only says why there is none.
func (x *explanation) noAnswer(h wire.Header, payload []byte) {
	x.note("no answer: %v", h.Status)
	if len(payload) > 0 {
		x.note("an answer that failed has no payload; it is ignored")
		x.bytes("unexplained", payload, wire.HeaderSize)
	}
}

// direction holds the kind against who sent it.
func (x *explanation) direction(s *Section, h wire.Header) {
	switch due := map[Direction]wire.Kind{ClientToServer: wire.KindRequest, ServerToClient: wire.KindResponse}[x.in.Direction]; due {
	case 0, h.Kind:
	case wire.KindRequest:
		x.wrong(s, "kind", "a client sends requests")
	default:
		x.wrong(s, "kind", "a server sends responses")
	}
}

// stranger explains a packet that does not begin as a message does.
func (x *explanation) stranger() {
	x.p.Title = "not a message"
	magic := headerLayout.fields[:1]
	s := x.section("header", layout{headerLayout.name, magicSize, magic}, x.in.Bytes, 0)
	x.wrong(s, "magic", wire.ErrBadMagic.Error()+", must be "+magic[0].must)
	switch bits.ReverseBytes32(uint32(magic[0].read(x.in.Bytes))) {
	case magicMessage, magicChunk:
		x.note("this looks like a message of a machine with the other byte order: integers travel in that of the host")
	}
	x.rest("unexplained", magicSize)
}

// bytes adds a section of bytes that are shown as they are.
func (x *explanation) bytes(title string, b []byte, offset int) {
	if len(b) == 0 {
		return
	}
	s := &Section{Title: title}
	s.raw(b, offset)
	x.p.Sections = append(x.p.Sections, s)
}

// rest shows what the packet has from offset on.
func (x *explanation) rest(title string, offset int) {
	if offset < len(x.in.Bytes) {
		x.bytes(title, x.in.Bytes[offset:], offset)
	}
}

func title(h wire.Header) string {
	if h.Kind == wire.KindControl {
		return codeName(h)
	}
	t := fmt.Sprintf("%v %s, message %d", h.Kind, codeName(h), h.MessageID)
	if h.IsBatch() {
		t += fmt.Sprintf(", batch of %d", h.ItemCount)
	}
	if h.Kind == wire.KindResponse && h.Status != wire.StatusOK {
		t += ", " + h.Status.String()
	}
	return t
}

func codeName(h wire.Header) string {
	if h.Kind != wire.KindControl {
		return codec.Method(h.Code).String()
	}
	switch h.Code {
	case wire.CodeHello:
		return "HELLO"
	case wire.CodeHelloAck:
		return "HELLO_ACK"
	}
	return fmt.Sprintf("control opcode %d", h.Code)
}
