//go:build linux || freebsd

package local_test

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// point is a place in a call at which it can fail.
type point int

const (
	atConnect   point = iota // the client connects; a server that is not silent has not read anything
	atHandshake              // the HELLO has been read
	atSend                   // the first packet of a request has been read, and no other
	atChunks                 // the first packet of an answer has been sent, and no other
	atReceive                // a request has been read
)

var points = []string{"connect", "handshake", "send", "between chunks", "receive"}

// manner is what a server does when it misbehaves.
type manner int

const (
	silent    manner = iota // says nothing, until it behaves again; then it goes on where it was
	leaves                  // closes in good order
	nonsensed               // says something that is not of the protocol
)

// scripted is a server of strings made of a bare socket, which behaves until it is told not to.
type scripted struct {
	t       *testing.T
	runDir  string
	l       *net.UnixListener
	reached chan struct{} // a token each time that a client comes to the point of the fault
	wg      sync.WaitGroup

	mu    sync.Mutex
	fault *fault // nil: it behaves
	conns map[*net.UnixConn]struct{}

	pause  chan struct{} // accepts nobody while it waits to be told
	paused chan struct{}
	crowd  []net.Conn // fills the queue of those who connect
}

type fault struct {
	at   point
	how  manner
	over chan struct{} // closed when the server behaves again
}

// What the scripted server agrees to: answers of more than scriptedPacket come in chunks, and a request of
// longRequest exceeds what a socket holds.
const (
	scriptedPacket = 4096
	longRequest    = 900 << 10
)

func newScripted(t *testing.T) *scripted {
	s := &scripted{
		t:       t,
		runDir:  shortDir(t),
		reached: make(chan struct{}, 64),
		conns:   map[*net.UnixConn]struct{}{},
		pause:   make(chan struct{}),
		paused:  make(chan struct{}),
	}
	s.l = listenRaw(t, s.runDir)
	s.l.SetDeadline(time.Time{})
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		s.behave()
		s.l.Close()
		s.drop()
		s.wg.Wait()
	})
	return s
}

// misbehave makes the server misbehave from now on, to those who come to that point.
func (s *scripted) misbehave(at point, how manner) {
	s.t.Helper()
	s.mu.Lock()
	s.fault = &fault{at, how, make(chan struct{})}
	s.mu.Unlock()
	if at == atConnect && how == silent {
		s.fill()
	}
}

// behave ends that.
func (s *scripted) behave() {
	s.mu.Lock()
	f := s.fault
	s.fault = nil
	s.mu.Unlock()
	if f == nil {
		return
	}
	close(f.over)
	if len(s.crowd) > 0 {
		s.backlog(128)
		for _, c := range s.crowd {
			c.Close()
		}
		s.crowd = nil
		s.l.SetDeadline(time.Time{})
		s.pause <- struct{}{}
	}
}

// fill makes the server take in nobody: it accepts no more, and its queue is full.
func (s *scripted) fill() {
	s.l.SetDeadline(time.Now())
	<-s.paused
	s.backlog(0)
	for {
		c, err := net.Dial("unixpacket", s.runDir+"/replay.sock")
		if err != nil {
			return
		}
		s.crowd = append(s.crowd, c)
	}
}

// backlog sets how many may wait to be taken in.
func (s *scripted) backlog(n int) {
	raw, err := s.l.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			if err := syscall.Listen(int(fd), n); err != nil {
				s.t.Error(err)
			}
		})
	}
	if err != nil {
		s.t.Error(err)
	}
}

// drop closes all sessions, in good order.
func (s *scripted) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		shut(c)
	}
}

func shut(c *net.UnixConn) {
	_ = c.CloseRead()
	_ = c.CloseWrite()
}

func (s *scripted) accept() {
	for {
		c, err := s.l.AcceptUnix()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			s.paused <- struct{}{}
			<-s.pause
			continue
		case err != nil:
			return
		}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.wg.Go(func() {
			s.serve(c)
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
			c.Close()
		})
	}
}

// comes is called when a client has come to a point. It reports whether the server goes on with it.
func (s *scripted) comes(c *net.UnixConn, at point) bool {
	s.mu.Lock()
	f := s.fault
	s.mu.Unlock()
	if f == nil || f.at != at {
		return true
	}
	switch f.how {
	case silent:
		s.reached <- struct{}{}
		<-f.over
		return true
	case leaves:
		if at == atConnect {
			break // whether the HELLO comes before the end does not matter
		}
	case nonsensed:
		if _, err := c.Write([]byte("nonsense")); err != nil {
			s.t.Error(err)
		}
		if at == atConnect || at == atHandshake {
			_, _ = c.Read(make([]byte, 1<<10)) // until the client leaves, or its HELLO
		}
	}
	shut(c)
	<-f.over
	return false
}

func (s *scripted) serve(c *net.UnixConn) {
	if !s.comes(c, atConnect) {
		return
	}
	buf := make([]byte, 1<<16)
	n, err := c.Read(buf)
	if err != nil || n == 0 {
		return
	}
	hello, err := link.ParseHello(buf[:n])
	if err != nil {
		s.t.Error(err)
		return
	}
	if !s.comes(c, atHandshake) {
		return
	}
	ack, _ := link.Negotiate(hello, link.Settings{
		RequestPayload: link.GrowthCeiling, ResponsePayload: link.GrowthCeiling, SessionID: 1,
	}.WithDefaults(wire.ProfileBaseline, scriptedPacket))
	if _, err := c.Write(link.AppendAck(nil, ack)); err != nil {
		return
	}
	for {
		m, ok := s.request(c, link.LimitsOf(ack), buf)
		if !ok || !s.comes(c, atReceive) || !s.answer(c, m) {
			return
		}
	}
}

// request reads a message.
func (s *scripted) request(c *net.UnixConn, limits link.Limits, buf []byte) (m link.Message, ok bool) {
	re := link.NewReassembler(wire.KindRequest, limits)
	for first := true; ; first = false {
		n, err := c.Read(buf)
		if err != nil || n == 0 {
			return m, false
		}
		b, room := re.Next()
		whole, err := re.Take(append(b, buf[:min(n, room)]...), n)
		if err != nil {
			s.t.Error(err)
			return m, false
		}
		if whole {
			re.Move(&m)
			return m, true
		}
		if first && !s.comes(c, atSend) {
			return m, false
		}
	}
}

// answer answers a message.
func (s *scripted) answer(c *net.UnixConn, m link.Message) bool {
	v, err := stringreverse.DecodeRequest(m.Payload)
	if err != nil {
		s.t.Error(err)
		return false
	}
	b := make([]byte, wire.HeaderSize+stringreverse.Size(v.Len()))
	reversed := make([]byte, v.Len())
	stringreverse.Reverse(reversed, v.Bytes())
	if _, err := stringreverse.EncodeResponse(b[wire.HeaderSize:], reversed); err != nil {
		s.t.Error(err)
		return false
	}
	h := m.Header
	h.Kind = wire.KindResponse
	h.Put(b)
	var split link.Splitter
	split.Start(b, h.MessageID, scriptedPacket)
	for i := 0; ; i++ {
		p := split.Next()
		if p == nil {
			return true
		}
		if i == 1 && !s.comes(c, atChunks) {
			return false
		}
		if _, err := c.Write(p); err != nil {
			return false
		}
	}
}
