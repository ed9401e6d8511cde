package v3peer

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// packetSize is what is proposed and offered for the socket, over which nothing goes but the handshake, in bytes.
const packetSize = 64 << 10

// Listener takes in clients.
type Listener struct {
	where    posix.Config
	settings link.Settings
	socket   *net.UnixListener
	last     uint64 // session id
}

// Listen begins to serve clients whose requests and answers have payloads of at most that many bytes.
func Listen(where posix.Config, requestPayload, responsePayload uint32) (*Listener, error) {
	path, err := posix.SocketPath(where.RunDir, where.Service)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		return nil, err
	}
	settings := link.Settings{RequestPayload: requestPayload, ResponsePayload: responsePayload}
	return &Listener{where: where, settings: settings.WithDefaults(wire.ProfileSHMHybrid, packetSize), socket: socket}, nil
}

// Close ends Accept. Sessions go on.
func (l *Listener) Close() error { return l.socket.Close() }

// Accept waits for a client and shakes hands with it. The region has room for the largest messages that this server
// takes, whatever was agreed, and is ready before the client hears of it. Its file is there until the session is closed.
func (l *Listener) Accept() (_ *Session, err error) {
	socket, err := l.socket.AcceptUnix()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			socket.Close()
		}
	}()
	packet := make([]byte, link.MaxHandshakePacket)
	n, err := socket.Read(packet)
	if err != nil {
		return nil, err
	}
	hello, err := link.ParseHello(packet[:n])
	if err != nil {
		return nil, err
	}
	l.last++
	settings := l.settings
	settings.SessionID = l.last
	ack, status := link.Negotiate(hello, settings)
	if status != wire.StatusOK {
		_, err := socket.Write(link.AppendRefusal(nil, status))
		return nil, errors.Join(fmt.Errorf("refused a client: %v", status), err)
	}
	path, err := posix.SHMPath(l.where.RunDir, l.where.Service, ack.SessionID)
	if err != nil {
		return nil, err
	}
	r, err := create(path, PlanFor(settings.RequestPayload, settings.ResponsePayload))
	if err != nil {
		return nil, err
	}
	if _, err := socket.Write(link.AppendAck(nil, ack)); err != nil {
		return nil, errors.Join(err, r.close(), os.Remove(path))
	}
	s := newSession(socket, ack, r, true, nil)
	s.file = path
	return s, nil
}

// Handler answers one request: it writes the payload of the answer to out and returns its length.
type Handler func(request wire.Header, payload, out []byte) (int, error)

// Serve answers requests until the client is gone, which is no error.
func (s *Session) Serve(h Handler) error {
	in, out := make([]byte, len(s.in.area)), make([]byte, len(s.out.area))
	for {
		n, err := s.Consume(in)
		if errors.Is(err, ErrPeerGone) {
			return nil
		}
		if errors.Is(err, ErrTimeout) { // an idle client
			continue
		}
		if err != nil {
			return err
		}
		request, err := wire.DecodeHeader(in[:n])
		if err != nil {
			return err
		}
		if request.Kind != wire.KindRequest || int64(request.PayloadLen) != int64(n-wire.HeaderSize) {
			return fmt.Errorf("%w: %+v in %d bytes", ErrBadMessage, request, n)
		}
		size, err := h(request, in[wire.HeaderSize:n], out[wire.HeaderSize:])
		if err != nil {
			return err
		}
		answer := request
		answer.Kind, answer.PayloadLen = wire.KindResponse, uint32(size)
		answer.Put(out)
		if err := s.Publish(out[:wire.HeaderSize+size]); err != nil {
			return err
		}
	}
}
