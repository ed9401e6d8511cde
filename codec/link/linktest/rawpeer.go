package linktest

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// ofMedium makes a proposal one for the sessions that a Raw can have.
func (h Harness) ofMedium(p link.Proposal) link.Proposal {
	if h.Medium == nil {
		p.Supported, p.Preferred = wire.ProfileBaseline, wire.ProfileBaseline
	}
	return p
}

// rawClient makes a session whose client is the test, after a proper handshake.
func rawClient(t *testing.T, h Harness, l limits) (Raw, link.Conn) {
	t.Helper()
	if h.Raw == nil {
		t.Skip("the harness makes no raw clients")
	}
	listener, _ := h.New(t)
	r := h.Raw(t, listener)
	s := h.settings(l)
	p := h.ofMedium(h.proposal(l)).WithDefaults(wire.ProfileBaseline, 1<<16)
	if err := r.Send(link.AppendHello(nil, p)); err != nil {
		t.Fatal(err)
	}
	in, err := listener.Accept(patiently(t))
	if err != nil {
		t.Fatal(err)
	}
	server, err := in.Handshake(patiently(t), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	packet, err := r.Recv()
	if err != nil {
		t.Fatal(err)
	}
	ack, err := link.ParseAck(packet, p)
	if err != nil {
		t.Fatal(err)
	}
	if h.Medium != nil {
		r = h.Medium(t, r, false, ack)
	}
	return r, server
}

// rawServer makes a session whose server is the test, after a proper handshake.
func rawServer(t *testing.T, h Harness, l limits) (Raw, link.Conn) {
	t.Helper()
	if h.RawServer == nil {
		t.Skip("the harness makes no raw servers")
	}
	accept, d := h.RawServer(t)
	p := h.ofMedium(h.proposal(l))
	result := dial(patiently(t), t, d, p)
	r := accept()
	packet, err := r.Recv()
	if err != nil {
		t.Fatal(err)
	}
	hello, err := link.ParseHello(packet)
	if err != nil {
		t.Fatal(err)
	}
	ack, status := link.Negotiate(hello, h.settings(l).WithDefaults(wire.ProfileBaseline, hello.PacketSize))
	if status != wire.StatusOK {
		t.Fatal(status)
	}
	handshake := r
	if h.Medium != nil {
		r = h.Medium(t, r, true, ack)
	}
	if err := handshake.Send(link.AppendAck(nil, ack)); err != nil {
		t.Fatal(err)
	}
	res := Await(t, "Dial", result)
	if res.err != nil {
		t.Fatal(res.err)
	}
	return r, res.conn
}

// raw makes a session of which the given side is under test, and the other one is the test.
func (h Harness) raw(t *testing.T, side string, l limits) (Raw, link.Conn) {
	t.Helper()
	if side == "server" {
		return rawClient(t, h, l)
	}
	return rawServer(t, h, l)
}

// feed sends packets beside the test, which may end before they are all taken. A Raw has one sender at a time:
// whoever sends again awaits what feed returns first.
func feed(t *testing.T, r Raw, packets [][]byte) (sent <-chan error) {
	sent = going(t, func() error {
		for _, packet := range packets {
			if err := r.Send(packet); err != nil {
				return err
			}
		}
		return nil
	})
	t.Cleanup(func() { r.Close() })
	return sent
}

// message returns a message in one packet.
func message(h wire.Header, payload []byte) []byte {
	h.PayloadLen = uint32(len(payload))
	b := make([]byte, wire.HeaderSize, wire.HeaderSize+len(payload))
	h.Put(b)
	return append(b, payload...)
}

// cutUp returns a message in packets of the given size.
func cutUp(msg []byte, id uint64, packet uint32) (packets [][]byte) {
	var split link.Splitter
	split.Start(bytes.Clone(msg), id, packet)
	for p := split.Next(); p != nil; p = split.Next() {
		packets = append(packets, bytes.Clone(p))
	}
	return packets
}

// recut returns a message in packets as a peer may cut it: first is the size of the first packet with its
// header, the others those of the further packets without. The count that each packet carries is the one that
// follows from the first packet's size alone (spec 01, "Chunk continuation header").
func recut(msg []byte, id uint64, packet uint32, first int, others ...int) (packets [][]byte) {
	room := int(packet) - wire.ChunkHeaderSize
	c := wire.ChunkHeader{MessageID: id, TotalLen: uint32(len(msg)), Count: uint32(1 + (len(msg)-first+room-1)/room)}
	packets = append(packets, bytes.Clone(msg[:first]))
	msg = msg[first:]
	for _, n := range others {
		c.Index++
		c.PayloadLen = uint32(n)
		p := make([]byte, wire.ChunkHeaderSize, wire.ChunkHeaderSize+n)
		c.Put(p)
		packets = append(packets, append(p, msg[:n]...))
		msg = msg[n:]
	}
	if len(msg) != 0 {
		panic("linktest: the message was not cut to its end")
	}
	return packets
}
