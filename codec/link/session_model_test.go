package link_test

import (
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// modelPipe is what a pipe in memory holds in one direction, as the model sees it.
type modelPipe struct {
	messages []modelMessage
	room     int // packets
	closed   bool
}

// modelMessage is a message on its way, or as much of it as was sent.
type modelMessage struct {
	id      uint64
	payload []byte
	packets int // in the pipe
	whole   bool
}

func (p *modelPipe) held() (n int) {
	for _, m := range p.messages {
		n += m.packets
	}
	return n
}

// modelHalf is one half of a session.
type modelHalf struct {
	ended     error // the sentinel of the error that ended it
	interrupt error // pending
}

// modelEnd is one end of a session.
type modelEnd struct {
	name     string
	conn     link.Conn
	client   bool
	out      *modelPipe
	in       *modelPipe
	send     modelHalf
	recv     modelHalf
	partial  bool            // a part of the message at the head of in was taken
	inFlight map[uint64]bool // client only
	closed   bool
	peer     *modelEnd
}

const (
	modelPacket  = 64
	modelBuffer  = 4
	modelDepth   = 3
	modelPayload = 200
)

func packetsOf(payload int) int {
	n := 1
	if rest := wire.HeaderSize + payload - modelPacket; rest > 0 {
		n += (rest + 31) / 32
	}
	return n
}

// commit says how a Commit of a request or response must end, and what the pipe holds then. It returns the
// sentinels that the error must match.
func (e *modelEnd) commit(id uint64, payload []byte) []error {
	need := packetsOf(len(payload))
	switch {
	case e.closed:
		return []error{link.ErrClosed}
	case e.send.ended != nil:
		return []error{e.send.ended}
	case len(payload) > modelPayload:
		return []error{link.ErrTooLarge}
	case e.client && (e.inFlight[id] || len(e.inFlight) == modelDepth):
		return []error{link.ErrInFlight}
	case e.send.interrupt != nil:
		cause := e.send.interrupt
		e.send.interrupt = nil
		return []error{cause}
	}
	if e.client {
		e.inFlight[id] = true
	}
	if e.peer.closed {
		e.send.ended = link.ErrPeerClosed
		if e.in.closed { // the peer had packets unread
			e.send.ended = link.ErrReset
		}
		return []error{e.send.ended}
	}
	room := e.out.room - e.out.held()
	switch sent := min(room, need); {
	case sent == need:
		e.out.messages = append(e.out.messages, modelMessage{id, payload, need, true})
		return nil
	case sent == 0:
		delete(e.inFlight, id)
		return []error{link.ErrTimeout}
	default:
		e.out.messages = append(e.out.messages, modelMessage{id, payload, sent, false})
		e.send.ended = link.ErrTimeout
		return []error{link.ErrTimeout, link.ErrCut}
	}
}

// receive says how a Recv must end: with a message, or with an error that matches the sentinel.
func (e *modelEnd) receive() (m modelMessage, want error) {
	switch {
	case e.closed:
		return m, link.ErrClosed
	case e.recv.ended != nil:
		return m, e.recv.ended
	case e.recv.interrupt != nil:
		want, e.recv.interrupt = e.recv.interrupt, nil
		return m, want
	}
	if len(e.in.messages) > 0 {
		m = e.in.messages[0]
		e.partial = e.partial || !m.whole
		if m.whole {
			e.in.messages = e.in.messages[1:]
			if e.client && !e.inFlight[m.id] {
				e.recv.ended = link.ErrProtocol
				return m, link.ErrProtocol
			}
			delete(e.inFlight, m.id)
			return m, nil
		}
		e.in.messages[0].packets = 0 // taken, to be kept
	}
	switch {
	case !e.peer.closed:
		return m, link.ErrTimeout
	case e.in.closed || e.partial:
		e.recv.ended = link.ErrReset
	default:
		e.recv.ended = link.ErrPeerClosed
	}
	return m, e.recv.ended
}

// close notes a Close. A peer that closes with packets unread breaks the connection.
func (e *modelEnd) close() {
	if e.closed {
		return
	}
	e.closed = true
	if e.in.held() > 0 && !e.peer.closed {
		e.out.closed, e.in.closed = true, true
	}
}

func matchesAll(err error, want []error) error {
	if len(want) == 0 && err == nil {
		return nil
	}
	for _, w := range want {
		if !errors.Is(err, w) {
			return fmt.Errorf("error %v, want one that is %v", err, want)
		}
	}
	if len(want) == 0 {
		return fmt.Errorf("error %v, want none", err)
	}
	return nil
}
