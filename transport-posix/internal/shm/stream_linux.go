package shm

import (
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// stream is one direction of a region, as one side sees it: what the messages lie in, the three words that announce
// them, and how many this side has seen to.
type stream struct {
	area   []byte
	length *atomic.Uint32 // bytes of the message in area, header included
	seq    *atomic.Uint64 // messages published
	signal *atomic.Uint32 // moves with seq; who waits sleeps on it

	// This side's own counts, whatever the peer writes.
	have  uint64 // of seq, published or consumed
	seen  uint64 // of seq, when it was looked at last
	moved uint32 // of signal, if this side publishes
}

func requests(r *Region) stream {
	g, mem := r.Geometry(), r.Memory()
	return newStream(mem, g.RequestOffset, g.RequestCapacity, OffReqLen, OffReqSeq, OffReqSignal)
}

func responses(r *Region) stream {
	g, mem := r.Geometry(), r.Memory()
	return newStream(mem, g.ResponseOffset, g.ResponseCapacity, OffRespLen, OffRespSeq, OffRespSignal)
}

func newStream(mem []byte, offset, capacity uint32, length, seq, signal int) stream {
	return stream{
		area:   mem[offset:][:capacity:capacity],
		length: word32(mem, length),
		seq:    word64(mem, seq),
		signal: word32(mem, signal),
	}
}

// publish puts a message where the peer finds it, and announces it in the order that lets the peer look at any moment:
// what it finds announced is there (spec 03, "Publishing"). The peer may have to be woken then.
//
// Steps of the model: publish/copy, publish/seq, publish/signal.
func (s *stream) publish(h *wire.Header, payload []byte) {
	h.Put(s.area)
	copy(s.area[wire.HeaderSize:], payload)
	s.have++
	s.moved++
	announce(raw(s.length), wire.HeaderSize+h.PayloadLen, raw64(s.seq), s.have, raw(s.signal), s.moved)
}

// size is how long the last message in a direction was, in bytes, which the next one is taken to be. Who sends and who
// receives may be two.
type size struct{ n atomic.Uint32 }

// Load returns it.
func (s *size) Load() uint32 { return s.n.Load() }

// note sets it. It seldom changes, and then only is it worth a store.
func (s *size) note(n uint32) {
	if s.n.Load() != n {
		s.n.Store(n)
	}
}

const (
	lineSize = 64
	// mostLines bounds how many lines are asked for ahead: about as many as a processor has under way at once. More would
	// wait for each other, and what came first might be gone when it is used.
	mostLines = 64
)

// lines returns how many cache lines that is, at most those worth asking for ahead.
func (s *size) lines() uint32 {
	return uint32(min((uint64(s.n.Load())+lineSize-1)/lineSize, mostLines))
}
