package link_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// What the Splitter makes is what spec 01 asks of a sender, and arrives.
func TestSplitterAndReassemblerProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packet := packetSize.Draw(t, "packet size")
		tr := &transport{re: link.NewReassembler(wire.KindRequest, withPacket(wide, packet)), scribble: rapid.Bool().Draw(t, "scribble")}
		for range rapid.IntRange(1, 4).Draw(t, "messages") {
			msg := message(t, packet)
			h, _ := wire.DecodeHeader(msg)
			packets := cut(msg, h.MessageID, packet)
			want := 1
			if rest := len(msg) - int(packet); rest > 0 {
				want += (rest + int(packet) - 33) / (int(packet) - 32)
			}
			if len(packets) != want {
				t.Fatalf("%d bytes in packets of %d: %d packets, want %d", len(msg), packet, len(packets), want)
			}
			for i, p := range packets {
				if len(p) > int(packet) || i < want-1 && len(p) != int(packet) {
					t.Fatalf("packet %d has %d bytes, the agreed size is %d", i, len(p), packet)
				}
				got, err := tr.take(p)
				if err != nil {
					t.Fatalf("packet %d of %d: %v", i, want, err)
				}
				if last := i == want-1; (got != nil) != last || last && !bytes.Equal(got, msg) {
					t.Fatalf("packet %d of %d: got %d bytes of %d", i, want, len(got), len(msg))
				}
				if tr.re.Partial() == (i == want-1) {
					t.Fatalf("packet %d of %d: Partial is %v", i, want, tr.re.Partial())
				}
			}
		}
	})
}

// Whatever comes, the Reassembler finds the same violations as the plain receiver, at the same packet, and
// hands over the same bytes.
func TestReassemblerAgainstReceiverProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := withPacket(wide, rapid.Uint32Range(33, 300).Draw(t, "packet size"))
		l.RequestPayload = rapid.Uint32Range(500, 4000).Draw(t, "limit")
		tr := &transport{re: link.NewReassembler(wire.KindRequest, l), scribble: rapid.Bool().Draw(t, "scribble")}
		plain := &receiver{want: wire.KindRequest, limits: l}
		var packets [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "messages") {
			n := rapid.IntRange(0, 900).Draw(t, "payload")
			h := wire.Header{Kind: wire.KindRequest, Code: 1, PayloadLen: uint32(n), ItemCount: rapid.Uint32Range(0, 4).Draw(t, "items"), MessageID: 7}
			if rapid.IntRange(0, 9).Draw(t, "batch") == 0 {
				h.Flags = wire.FlagBatch
			}
			packets = append(packets, recut(t, append(encode(h), pattern(n, 3)...), l.Packet)...)
		}
		if rapid.Bool().Draw(t, "spoiled") {
			packets = spoil(t, packets)
		}
		compare(t, tr, plain, packets)
	})
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// compare feeds both, until the first violation.
func compare(t fataler, tr *transport, plain *receiver, packets [][]byte) {
	for i, p := range packets {
		want, ok := plain.take(p)
		got, err := tr.take(p)
		if (err == nil) != ok {
			t.Fatalf("packet %d, %x: the reassembler says %v, the receiver %v", i, p, err, ok)
		}
		if !ok {
			var violation *link.ProtocolError
			if !errors.As(err, &violation) || violation.Status == wire.StatusOK {
				t.Fatalf("packet %d: %v is no violation with a status", i, err)
			}
			return
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("packet %d: got %x, want %x", i, got, want)
		}
	}
}

// A header may promise as much as the limits allow; memory is taken for what is there.
func TestReassemblerMemory(t *testing.T) {
	const limit = 1 << 30
	for _, packet := range []uint32{64, 1 << 20, 1<<32 - 1} {
		t.Run(fmt.Sprint("packet=", packet), func(t *testing.T) {
			re := link.NewReassembler(wire.KindRequest, link.Limits{RequestPayload: limit, RequestItems: 1, Packet: packet})
			head := encode(wire.Header{Kind: wire.KindRequest, PayloadLen: limit, ItemCount: 1})
			b, room := re.Next()
			if cap(b) != 0 || room != wire.HeaderSize+limit {
				t.Errorf("before the first packet: capacity %d, room %d", cap(b), room)
			}
			if _, err := re.Take(append(b, head...), len(head)); err != nil {
				t.Fatal(err)
			}
			if b, _ := re.Next(); cap(b) > 2<<20 {
				t.Errorf("a header of 32 bytes made %d bytes of buffer", cap(b))
			}
		})
	}
}

// A message whose length fits neither its field nor an int is refused whatever was agreed.
func TestReassemblerLongestMessage(t *testing.T) {
	l := link.Limits{RequestPayload: math.MaxUint32, RequestItems: 1, Packet: 64}
	for n, status := range map[uint32]wire.Status{math.MaxUint32: wire.StatusLimitExceeded, math.MaxUint32 - 31: wire.StatusLimitExceeded, 1 << 30: wire.StatusOK} {
		re := link.NewReassembler(wire.KindRequest, l)
		head := encode(wire.Header{Kind: wire.KindRequest, PayloadLen: n, ItemCount: 1})
		b, room := re.Next()
		if room < wire.HeaderSize {
			t.Fatalf("room for %d bytes", room)
		}
		_, err := re.Take(append(b, head...), len(head))
		var violation *link.ProtocolError
		if errors.As(err, &violation) != (status != wire.StatusOK) || violation != nil && violation.Status != status {
			t.Errorf("a payload of %d: %v", n, err)
		}
		if _, room := re.Next(); err == nil && room != 64 {
			t.Errorf("a payload of %d: room for %d bytes", n, room)
		}
	}
}
