package linktest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var wireTests = []subtest{
	{"Messages", anywhere, wireMessages},
	{"Chunks", packets, wireChunks},
	{"Hello", anywhere, wireHello},
}

// wireHeader returns the 32 bytes of a message's header, put down field by field as spec 01 has them.
func wireHeader(h wire.Header, payload int) []byte {
	b := binary.NativeEndian.AppendUint32(nil, 0x4e495043)
	for _, v := range []uint16{1, 32, uint16(h.Kind), uint16(h.Flags), h.Code, uint16(h.Status)} {
		b = binary.NativeEndian.AppendUint16(b, v)
	}
	b = binary.NativeEndian.AppendUint32(b, uint32(payload))
	b = binary.NativeEndian.AppendUint32(b, h.ItemCount)
	return binary.NativeEndian.AppendUint64(b, h.MessageID)
}

// wireMessages: what either side sends in one packet is the header's 32 bytes and the payload.
func wireMessages(t *testing.T, h Harness) {
	for _, side := range []string{"client", "server"} {
		r, c := h.raw(t, side, limits{request: 1000, response: 1000, items: 9, packet: 4096})
		id := uint64(0x1122334455667788)
		for _, n := range []int{0, 1, 999, 1000} {
			head := request(id)
			head.Flags, head.Code, head.ItemCount = 0x8000, 0xfedc, 7
			if side == "server" {
				head.Kind = wire.KindResponse
			}
			want := append(wireHeader(head, n), random(n)...)
			mustSend(t, c, head, random(n))
			if got, err := r.Recv(); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("the %s sent\n%x, %v, want\n%x", side, got, err, want)
			}
			if side == "client" { // so that the next may be sent
				if err := r.Send(wireHeader(response(head), 0)); err != nil {
					t.Fatal(err)
				}
				mustRecv(t, c)
			}
			id++
		}
	}
}

// wireChunks: what is longer than a packet is cut as the spec says, header by header.
func wireChunks(t *testing.T, h Harness) {
	const packet = 100
	for _, side := range []string{"client", "server"} {
		for _, n := range []int{packet - 32, packet - 31, 2 * (packet - 32), 2*(packet-32) + 1, 1000} {
			r, c := h.raw(t, side, limits{request: 1000, response: 1000, packet: packet})
			if got := c.Info().Limits.Packet; got != packet {
				t.Skipf("the transport's largest packet has %d bytes", got)
			}
			head := request(0x1122334455667788)
			if side == "server" {
				head = response(head)
			}
			sent := going(t, func() error { return send(c, head, random(n), patience()) })
			for i, want := range wirePackets(head, random(n), packet) {
				if got, err := r.Recv(); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("packet %d of %d bytes of the %s:\n%x, %v, want\n%x", i, n, side, got, err, want)
				}
			}
			if err := Await(t, "Commit", sent); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// wirePackets cuts a message by the numbers of spec 01, "Chunk continuation header".
func wirePackets(h wire.Header, payload []byte, packet int) [][]byte {
	room := packet - 32
	first := min(len(payload), room)
	packets := [][]byte{append(wireHeader(h, len(payload)), payload[:first]...)}
	count := 1 + (len(payload)-first+room-1)/room
	total := 32 + len(payload)
	for payload = payload[first:]; len(payload) > 0; {
		n := min(len(payload), room)
		b := binary.NativeEndian.AppendUint32(nil, 0x4e43484b)
		b = binary.NativeEndian.AppendUint16(b, 1)
		b = binary.NativeEndian.AppendUint16(b, 0)
		b = binary.NativeEndian.AppendUint64(b, h.MessageID)
		for _, v := range []int{total, len(packets), count, n} {
			b = binary.NativeEndian.AppendUint32(b, uint32(v))
		}
		packets = append(packets, append(b, payload[:n]...))
		payload = payload[n:]
	}
	return packets
}

// wireHello: the HELLO that a dialer sends has the proposal in it, field by field, and no more.
func wireHello(t *testing.T, h Harness) {
	if h.RawServer == nil {
		t.Skip("the harness makes no raw servers")
	}
	for _, p := range []link.Proposal{
		{},
		{RequestPayload: 3000, RequestItems: 5, ResponsePayload: 7000, ResponseItems: 6, AuthToken: 0x1122334455667788, Packet: 999},
		{RequestPayload: 1<<32 - 1, RequestItems: 1<<32 - 1, ResponsePayload: 1<<32 - 1, ResponseItems: 1<<32 - 1, AuthToken: 1<<64 - 1, Packet: 33},
	} {
		p.Supported, p.Preferred = wire.ProfileBaseline, wire.ProfileBaseline
		accept, d := h.RawServer(t)
		result := dial(patiently(t), t, d, p)
		r := accept()
		got, err := r.Recv()
		if err != nil || len(got) != 76 {
			t.Fatalf("the client said %x, %v, want 76 bytes", got, err)
		}
		proposed := binary.NativeEndian.Uint32(got[72:])
		p = p.WithDefaults(wire.ProfileBaseline, proposed)
		want := wireHeader(wire.Header{Kind: 3, Code: 1, ItemCount: 1}, 44)
		want = binary.NativeEndian.AppendUint16(want, 1) // the layout version
		want = binary.NativeEndian.AppendUint16(want, 0) // flags
		for _, v := range []uint32{1, 1, p.RequestPayload, p.RequestItems, p.ResponsePayload, p.ResponseItems, 0} {
			want = binary.NativeEndian.AppendUint32(want, v)
		}
		want = binary.NativeEndian.AppendUint64(want, p.AuthToken)
		want = binary.NativeEndian.AppendUint32(want, p.Packet)
		if !bytes.Equal(got, want) {
			t.Errorf("the client said\n%x, want\n%x", got, want)
		}
		if proposed < link.MinPacket || p.RequestItems == 0 {
			t.Errorf("the client proposes packets of %d bytes and %d items", proposed, p.RequestItems)
		}
		r.Close()
		wantGone(t, fmt.Sprintf("dial with %+v", p), Await(t, "Dial", result).err)
	}
}
