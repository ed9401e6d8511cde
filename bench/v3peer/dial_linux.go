package v3peer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// Session is one side of a session: the region, and the socket of the handshake, which stays open to notice when the
// peer has gone. One goroutine uses its End.
type Session struct {
	*End
	Ack wire.HelloAck // what was agreed

	socket *net.UnixConn
	region *region
	file   string      // of the region, where this side has made it
	gone   atomic.Bool // the socket has ended
	seen   chan struct{}
}

// ErrPeerGone: the socket of the handshake has ended.
var ErrPeerGone = errors.New("the peer is gone")

// Dial makes a session with a server: a deployed one, or one of ours. requestPayload is what is proposed, in bytes.
// alive is asked in waits for an answer; nil is nobody.
func Dial(where posix.Config, requestPayload uint32, alive func() error) (_ *Session, err error) {
	path, err := posix.SocketPath(where.RunDir, where.Service)
	if err != nil {
		return nil, err
	}
	socket, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			socket.Close()
		}
	}()
	ack, err := greet(socket, requestPayload)
	if err != nil {
		return nil, fmt.Errorf("handshake at %s: %w", path, err)
	}
	file, err := posix.SHMPath(where.RunDir, where.Service, ack.SessionID)
	if err != nil {
		return nil, err
	}
	r, err := attach(file)
	if err != nil {
		return nil, err
	}
	return newSession(socket, ack, r, false, alive), nil
}

// greet says HELLO and hears the answer.
func greet(socket *net.UnixConn, requestPayload uint32) (wire.HelloAck, error) {
	p := link.Proposal{RequestPayload: requestPayload}.WithDefaults(wire.ProfileSHMHybrid, packetSize)
	if _, err := socket.Write(link.AppendHello(nil, p)); err != nil {
		return wire.HelloAck{}, err
	}
	packet := make([]byte, link.MaxHandshakePacket)
	n, err := socket.Read(packet)
	if err != nil {
		return wire.HelloAck{}, err
	}
	return link.ParseAck(packet[:n], p)
}

func newSession(socket *net.UnixConn, ack wire.HelloAck, r *region, server bool, alive func() error) *Session {
	s := &Session{Ack: ack, socket: socket, region: r, seen: make(chan struct{})}
	s.End = NewEnd(r.mem, r.plan, server, Deployed, func() error {
		if s.gone.Load() {
			return ErrPeerGone
		}
		if alive != nil {
			return alive()
		}
		return nil
	})
	go func() { // nothing comes but the end
		defer close(s.seen)
		_, _ = socket.Read(make([]byte, 1))
		s.gone.Store(true)
	}()
	return s
}

// Close ends the session. A server takes away the file of the region.
func (s *Session) Close() error {
	err := s.socket.Close()
	<-s.seen
	if s.file != "" {
		err = errors.Join(err, os.Remove(s.file))
	}
	return errors.Join(err, s.region.close())
}
