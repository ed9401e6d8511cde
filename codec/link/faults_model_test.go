package link_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// The model of two sessions on a pipe with faults. Each direction is modelled packet by packet, and what comes
// out of it is judged by a receiver of the model's own, which is as plain as spec 01 allows.

// line is one direction of the pipe: the packets that are in it.
type line struct{ packets [][]byte }

const lineRoom = 5

// plainReceiver puts packets together as the specification says, without a thought for speed.
type plainReceiver struct {
	kind         uint16
	limit, items uint32
	msg          []byte // so far, header included
	index, count uint32
}

var native = binary.NativeEndian

// take returns what a packet completes, if anything, and whether it is a violation.
func (r *plainReceiver) take(p []byte) (whole []byte, violation bool) {
	const room = modelPacket - 32
	if r.msg == nil {
		if len(p) < 32 || native.Uint32(p) != 0x4e495043 || native.Uint16(p[4:]) != 1 || native.Uint16(p[6:]) != 32 ||
			native.Uint16(p[8:]) != r.kind || native.Uint32(p[16:]) > r.limit || native.Uint32(p[20:]) > r.items {
			return nil, true
		}
		total := 32 + int(native.Uint32(p[16:]))
		if len(p) > total {
			return nil, true
		}
		r.msg, r.index = bytes.Clone(p), 0
		r.count = uint32(1 + (total-len(p)+room-1)/room)
	} else {
		total := 32 + native.Uint32(r.msg[16:])
		r.index++
		if len(p) < 32 || len(p) > modelPacket || native.Uint32(p) != 0x4e43484b || native.Uint16(p[4:]) != 1 ||
			native.Uint16(p[6:]) != 0 || native.Uint64(p[8:]) != native.Uint64(r.msg[24:]) || native.Uint32(p[16:]) != total ||
			native.Uint32(p[20:]) != r.index || native.Uint32(p[24:]) != r.count ||
			native.Uint32(p[28:]) != uint32(len(p)-32) || len(p) == 32 || len(r.msg)+len(p)-32 > int(total) {
			return nil, true
		}
		r.msg = append(r.msg, p[32:]...)
	}
	if len(r.msg) == 32+int(native.Uint32(r.msg[16:])) {
		whole, r.msg = r.msg, nil
	}
	return whole, false
}

// broken is the state of the pipe that both ends share.
type broken struct{ is bool }

// faultyEnd is one end: the session under test, and the model of it.
type faultyEnd struct {
	name   string
	client bool
	conn   link.Conn
	pipe   *linktest.Faulty
	armed  linktest.Fault // for the next packet; read by the plan

	peer    *faultyEnd
	out, in *line
	broken  *broken
	closed  bool

	// Model of the wrapper.
	plan      linktest.Fault
	decided   bool
	fault     linktest.Fault
	held      []byte
	stalled   bool
	interrupt [2]bool // by side

	// Model of the session.
	sendEnded, recvEnded error
	inFlight             map[uint64]bool
	receiver             plainReceiver
}

var errFaultCause = errors.New("the model's interrupt")

// push is what sending a packet by the pipe comes to, or would with a deadline in the past.
func (e *faultyEnd) push(p []byte, mayInterrupt bool) error {
	switch {
	case e.closed:
		return link.ErrClosed
	case mayInterrupt && e.interrupt[link.SideSend]:
		e.interrupt[link.SideSend] = false
		return errFaultCause
	case e.broken.is:
		return link.ErrReset
	case e.peer.closed:
		return link.ErrPeerClosed
	case len(e.out.packets) == lineRoom:
		return link.ErrTimeout
	}
	e.out.packets = append(e.out.packets, bytes.Clone(p))
	return nil
}

// write is what sending a packet through the wrapper comes to.
func (e *faultyEnd) write(p []byte) error {
	if !e.decided {
		e.decided, e.fault, e.plan = true, e.plan, linktest.Pass
		switch {
		case e.fault == linktest.Stall:
			e.stalled, e.fault = true, linktest.Pass
		case e.fault == linktest.Reorder && e.held != nil:
			e.fault = linktest.Pass
		}
	}
	if e.stalled {
		if e.interrupt[link.SideSend] {
			e.interrupt[link.SideSend] = false
			return errFaultCause
		}
		return link.ErrTimeout
	}
	switch e.fault {
	case linktest.Drop:
	case linktest.Reorder:
		e.held = bytes.Clone(p)
	case linktest.Reset:
		e.broken.is = true
		return link.ErrReset
	case linktest.Truncate:
		if err := e.push(p[:len(p)/2], true); err != nil {
			return err
		}
	default:
		if err := e.push(p, true); err != nil {
			return err
		}
		if e.fault == linktest.Duplicate {
			_ = e.push(p, false)
		} else if e.held != nil && e.push(e.held, false) == nil {
			e.held = nil
		}
	}
	e.decided = false
	return nil
}

// commit is what sending a message comes to: the sentinels that the error matches.
func (e *faultyEnd) commit(h wire.Header, payload []byte) []error {
	switch {
	case e.sendEnded != nil:
		return []error{e.sendEnded}
	case e.client && (e.inFlight[h.MessageID] || len(e.inFlight) == modelDepth):
		return []error{link.ErrInFlight}
	}
	if e.client {
		e.inFlight[h.MessageID] = true
	}
	for sent, p := range cutPlainly(h, payload) {
		err := e.write(p)
		switch {
		case err == nil:
		case sent > 0:
			e.sendEnded = err
			return []error{err, link.ErrCut}
		case err == link.ErrTimeout || err == errFaultCause:
			if e.client {
				delete(e.inFlight, h.MessageID)
			}
			return []error{err}
		default:
			e.sendEnded = err
			return []error{err}
		}
	}
	return nil
}

// cutPlainly returns a message in packets, by the formula of spec 01.
func cutPlainly(h wire.Header, payload []byte) (packets [][]byte) {
	const room = modelPacket - 32
	h.PayloadLen = uint32(len(payload))
	first := make([]byte, 32, modelPacket)
	h.Put(first)
	n := min(len(payload), room)
	packets = append(packets, append(first, payload[:n]...))
	rest := payload[n:]
	count := uint32(1 + (len(rest)+room-1)/room)
	for len(rest) > 0 {
		n := min(len(rest), room)
		p := make([]byte, 32, modelPacket)
		native.PutUint32(p, 0x4e43484b)
		native.PutUint16(p[4:], 1)
		native.PutUint64(p[8:], h.MessageID)
		native.PutUint32(p[16:], 32+h.PayloadLen)
		native.PutUint32(p[20:], uint32(len(packets)))
		native.PutUint32(p[24:], count)
		native.PutUint32(p[28:], uint32(n))
		packets = append(packets, append(p, rest[:n]...))
		rest = rest[n:]
	}
	return packets
}

// pop is what receiving a packet comes to.
func (e *faultyEnd) pop() (p []byte, err error) {
	switch {
	case e.closed:
		return nil, link.ErrClosed
	case e.interrupt[link.SideRecv]:
		e.interrupt[link.SideRecv] = false
		return nil, errFaultCause
	case len(e.in.packets) > 0:
		p = e.in.packets[0]
		e.in.packets = e.in.packets[1:]
		return p, nil
	case e.broken.is:
		return nil, link.ErrReset
	case e.peer.closed:
		return nil, link.ErrPeerClosed
	}
	return nil, link.ErrTimeout
}

// receive is what receiving a message comes to.
func (e *faultyEnd) receive() (whole []byte, err error) {
	if e.recvEnded != nil {
		return nil, e.recvEnded
	}
	for {
		p, err := e.pop()
		if err != nil {
			if err == link.ErrPeerClosed && e.receiver.msg != nil {
				err = link.ErrReset
			}
			if err != link.ErrTimeout && err != errFaultCause {
				e.recvEnded = err
			}
			return nil, err
		}
		whole, violation := e.receiver.take(p)
		if whole != nil && e.client && !e.inFlight[native.Uint64(whole[24:])] {
			violation = true
		}
		switch {
		case violation:
			e.recvEnded = link.ErrProtocol
			return nil, link.ErrProtocol
		case whole != nil:
			delete(e.inFlight, native.Uint64(whole[24:]))
			return whole, nil
		}
	}
}

// drain is what Drain with a deadline in the past comes to, or without one where nothing more can come.
func (e *faultyEnd) drain(bounded bool) error {
	if e.recvEnded == nil {
		e.recvEnded = link.ErrMisuse
	}
	e.receiver.msg = nil
	if bounded {
		if e.closed {
			return link.ErrClosed
		}
		return link.ErrTimeout
	}
	for {
		switch _, err := e.pop(); err {
		case nil:
		case link.ErrPeerClosed, link.ErrReset:
			return nil
		default:
			return err
		}
	}
}

func (e *faultyEnd) close() {
	if e.closed {
		return
	}
	if len(e.in.packets) > 0 && !e.peer.closed {
		e.broken.is = true
	}
	e.closed, e.sendEnded, e.recvEnded = true, link.ErrClosed, link.ErrClosed
}

// newFaultyEnds makes both ends of a session over a pipe with faults.
func newFaultyEnds() [2]*faultyEnd {
	a, b, reset := linktest.Pipe(linktest.ListenConfig{Packet: 2 * modelPacket, Buffer: lineRoom})
	requests, responses, state := &line{}, &line{}, &broken{}
	c := &faultyEnd{name: "client", client: true, out: requests, in: responses, broken: state, inFlight: map[uint64]bool{}}
	s := &faultyEnd{name: "server", out: responses, in: requests, broken: state, peer: c}
	c.peer = s
	c.receiver = plainReceiver{kind: 2, limit: modelPayload, items: 1}
	s.receiver = plainReceiver{kind: 1, limit: modelPayload, items: 1}
	for e, p := range map[*faultyEnd]link.Packets{c: a, s: b} {
		e.pipe = linktest.NewFaulty(p, reset, func(int, []byte) linktest.Fault {
			f := e.armed
			e.armed = linktest.Pass
			return f
		})
	}
	info := link.Info{Endpoint: "model", Depth: modelDepth, Limits: link.Limits{
		RequestPayload: modelPayload, RequestItems: 1, ResponsePayload: modelPayload, ResponseItems: 1, Packet: modelPacket,
	}}
	c.conn, s.conn = link.NewClientSession(c.pipe, info), link.NewServerSession(s.pipe, info)
	return [2]*faultyEnd{c, s}
}

func (e *faultyEnd) trySend(t *rapid.T, id uint64, payload []byte) {
	h := wire.Header{Kind: wire.KindRequest, Code: 3, ItemCount: 1, MessageID: id}
	if !e.client {
		h.Kind = wire.KindResponse
	}
	d := past()
	b, err := e.conn.Reserve(len(payload))
	if err == nil {
		copy(b, payload)
		err = e.conn.Commit(h, len(payload), &d)
	}
	if problem := matchesAll(err, e.commit(h, payload)); problem != nil {
		t.Fatalf("%s sends id %d, %d bytes: %v", e.name, id, len(payload), problem)
	}
}

func (e *faultyEnd) tryRecv(t *rapid.T) {
	whole, end := e.receive()
	var m link.Message
	d := past()
	err := e.conn.Recv(&m, &d)
	if end != nil {
		if problem := matchesAll(err, []error{end}); problem != nil {
			t.Fatalf("%s receives: %v", e.name, problem)
		}
		return
	}
	if err != nil || m.Header.MessageID != native.Uint64(whole[24:]) || !bytes.Equal(m.Payload, whole[32:]) {
		t.Fatalf("%s receives id %d, %d bytes, %v; want %x", e.name, m.Header.MessageID, len(m.Payload), err, whole)
	}
}

func (e *faultyEnd) tryDrain(t *rapid.T) {
	bounded := !(e.closed || e.peer.closed || e.broken.is || e.interrupt[link.SideRecv])
	var d link.Deadline
	if bounded {
		d = past()
	}
	err := e.conn.Drain(&d)
	want := e.drain(bounded)
	if want == nil && err != nil || want != nil && !errors.Is(err, want) {
		t.Fatalf("%s drains: %v, want %v", e.name, err, want)
	}
}

// past is a deadline that has passed.
func past() link.Deadline { return link.At(time.Now().Add(-time.Hour)) }

// soakChecks makes a property be checked more often when that is asked for.
func soakChecks(t *testing.T, checks int) {
	if os.Getenv("NETIPC_SOAK") != "1" {
		return
	}
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	f.Value.Set(strconv.Itoa(checks))
	t.Cleanup(func() { f.Value.Set(before) })
}

// Programs of calls at both ends of a session whose packets meet faults: what each call returns is what the model
// says. A message that arrives is one that was sent, or there is a violation, a timeout or the end.
func TestFaultsModel(t *testing.T) {
	soakChecks(t, 4000)
	steps := 0
	faults := []linktest.Fault{linktest.Truncate, linktest.Drop, linktest.Duplicate, linktest.Reorder, linktest.Stall, linktest.Reset}
	rapid.Check(t, func(rt *rapid.T) {
		ends := newFaultyEnds()
		end := rapid.Custom(func(t *rapid.T) *faultyEnd { return ends[rapid.IntRange(0, 1).Draw(t, "end")] })
		rarely := func(rt *rapid.T) bool { return rapid.IntRange(0, 5).Draw(rt, "really") == 0 }
		send := func(rt *rapid.T) {
			size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, modelPayload)).Draw(rt, "size")
			end.Draw(rt, "end").trySend(rt, rapid.Uint64Range(0, 4).Draw(rt, "id"), pattern(size, rapid.Byte().Draw(rt, "seed")))
		}
		receive := func(rt *rapid.T) { end.Draw(rt, "end").tryRecv(rt) }
		rt.Repeat(map[string]func(*rapid.T){
			"":               func(*rapid.T) { steps++ },
			"send":           send,
			"send again":     send,
			"receive":        receive,
			"receive again":  receive,
			"receive thrice": receive,
			"fault": func(rt *rapid.T) {
				e, f := end.Draw(rt, "end"), rapid.SampledFrom(faults).Draw(rt, "fault")
				if f == linktest.Reset && !rarely(rt) {
					return
				}
				e.armed, e.plan = f, f
			},
			"resume": func(rt *rapid.T) {
				e := end.Draw(rt, "end")
				e.pipe.Resume()
				e.stalled = false
			},
			"interrupt": func(rt *rapid.T) {
				e, side := end.Draw(rt, "end"), rapid.SampledFrom([]link.Side{link.SideSend, link.SideRecv}).Draw(rt, "side")
				e.conn.Interrupt(side, errFaultCause)
				e.interrupt[side] = true
			},
			"drain": func(rt *rapid.T) {
				if rarely(rt) {
					end.Draw(rt, "end").tryDrain(rt)
				}
			},
			"close": func(rt *rapid.T) {
				if !rarely(rt) {
					return
				}
				e := end.Draw(rt, "end")
				if err := e.conn.Close(); err != nil {
					rt.Fatalf("close: %v", err)
				}
				e.close()
			},
		})
		for _, e := range ends {
			e.conn.Close()
		}
	})
	t.Logf("%d steps", steps)
}
