package explain

import (
	"errors"
	"fmt"
	"slices"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Type is a payload's.
type Type string

// The types that are explained.
const (
	typeUnknown Type = ""

	typeHello             Type = "hello"
	typeHelloAck          Type = "hello-ack"
	typeIncrementRequest  Type = "increment-request"
	typeIncrementResponse Type = "increment-response"
	typeSnapshotRequest   Type = "cgroups-snapshot-request"
	typeSnapshotResponse  Type = "cgroups-snapshot-response"
)

// Types are the payloads that AddPayload takes.
var Types = []Type{typeHello, typeHelloAck, typeIncrementRequest, typeIncrementResponse, typeSnapshotRequest, typeSnapshotResponse}

func typeOf(h wire.Header) Type {
	request := h.Kind == wire.KindRequest
	switch codec.Method(h.Code) {
	case codec.MethodIncrement:
		if request {
			return typeIncrementRequest
		}
		return typeIncrementResponse
	case codec.MethodCgroupsSnapshot:
		if request {
			return typeSnapshotRequest
		}
		return typeSnapshotResponse
	}
	return typeUnknown
}

// AddPayload explains a payload that has no header.
func (e *Explainer) AddPayload(t Type, in Input) error {
	if !slices.Contains(Types, t) {
		return fmt.Errorf("no payload %q: one of %q", t, Types)
	}
	x := &explanation{e: e, in: in, p: &Packet{
		Number: len(e.report.Packets) + 1, Offset: in.Offset, Size: len(in.Bytes), Title: "payload " + string(t), Sections: []*Section{},
	}}
	e.report.Packets = append(e.report.Packets, x.p)
	x.payload(t, in.Bytes, 0)
	return nil
}

// payload explains b, which lies at base.
func (x *explanation) payload(t Type, b []byte, base int) {
	switch t {
	case typeHello:
		x.hello(b, base)
	case typeHelloAck:
		x.helloAck(b, base)
	case typeIncrementRequest:
		_, err := increment.DecodeRequest(b)
		x.fixed("INCREMENT request", incrementLayout, b, base, err)
	case typeIncrementResponse:
		_, err := increment.DecodeResponse(b)
		x.fixed("INCREMENT response", incrementLayout, b, base, err)
	case typeSnapshotRequest:
		_, err := cgroupsnapshot.DecodeRequest(b)
		x.fixed(snapshotRequestLayout.name, snapshotRequestLayout, b, base, err)
	case typeSnapshotResponse:
		x.snapshot(b, base)
	default:
		x.bytes("payload, not explained", b, base)
	}
}

// fixed explains a payload of fixed size that a decoder has judged.
func (x *explanation) fixed(title string, l layout, b []byte, base int, err error) {
	s := x.section(title, l, b, base)
	if err != nil {
		x.fail(s, l, err, base, min(len(b), l.size))
		return
	}
	x.trailing(b, l.size)
}

// batch explains the directory and the items of a batch; header is the section of its header.
func (x *explanation) batch(header *Section, h wire.Header, payload []byte) {
	dirSize := uint64(h.ItemCount) * wire.BatchEntrySize
	_, err := wire.DecodeBatch(payload, h.ItemCount)
	if err != nil && dirSize > uint64(len(payload)) {
		x.wrong(header, "item_count", fmt.Sprintf("directory: %v: it takes %d bytes, %d are there", codec.ErrTruncated, dirSize, len(payload)))
		x.bytes("unexplained", payload, wire.HeaderSize)
		return
	}
	packed := wire.HeaderSize + int(dirSize)
	x.items(int(h.ItemCount), err, func(i int, err error) {
		entry := payload[i*wire.BatchEntrySize:]
		title := fmt.Sprintf("batch item %d", i)
		s := x.section(title, entryLayout, entry, wire.HeaderSize+i*wire.BatchEntrySize)
		if err != nil {
			x.failEntry(s, err, uint64(len(payload))-dirSize)
			return
		}
		off, length := wire.BatchEntry(payload, i)
		at := packed + int(off)
		x.payload(typeOf(h), payload[at-wire.HeaderSize:at-wire.HeaderSize+int(length)], at)
	})
}

// failEntry is fail for a directory entry, of items in a packed area of that many bytes.
func (x *explanation) failEntry(s *Section, err error, packed uint64) {
	because := ""
	if errors.Is(err, codec.ErrOutOfBounds) {
		off, length := s.Fields[0].Value.(uint64), s.Fields[1].Value.(uint64)
		because = fmt.Sprintf("the item would end at %d of the %d bytes behind the directory", off+length, packed)
	}
	x.failBecause(s, entryLayout, err, 0, 0, because)
}

// items explains items 0 to n-1; or, if a decoder has refused one of them with err, those before it, and it.
func (x *explanation) items(n int, err error, explain func(i int, err error)) {
	bad := n
	var ce *codec.Error
	if errors.As(err, &ce) && ce.Item >= 0 {
		bad = ce.Item
	}
	shown := bad
	if x.e.MaxItems > 0 {
		shown = min(shown, x.e.MaxItems)
	}
	for i := range shown {
		explain(i, nil)
	}
	if shown < bad {
		x.note("items %d to %d are right, and not shown", shown, bad-1)
	}
	if bad < n {
		explain(bad, err)
		if bad+1 < n {
			x.note("items %d to %d were not judged", bad+1, n-1)
		}
	}
}
