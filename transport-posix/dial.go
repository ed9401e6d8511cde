package posix

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// ErrUnsupported is the error of everything that would need the socket, on an operating system without. Its
// text names that. It wraps errors.ErrUnsupported.
var ErrUnsupported = sys.ErrUnsupported

var _ link.Dialer = (*Dialer)(nil)

// Dialer makes client sessions with one service. It is immutable, and safe for concurrent use.
type Dialer struct {
	cfg  DialConfig
	path string
}

// NewDialer returns a dialer. It makes no system call; the service need not be there yet. Errors:
// link.ErrBadServiceName, ErrBadRunDir, ErrPathTooLong, ErrBadConfig, ErrUnsupported.
func NewDialer(cfg DialConfig) (*Dialer, error) {
	cfg = cfg.withDefaults()
	path, err := SocketPath(cfg.RunDir, cfg.Service)
	switch {
	case err != nil:
		return nil, link.NewOpError("dial", cfg.RunDir, err)
	case !sys.Supported:
		return nil, link.NewOpError("dial", path, ErrUnsupported)
	}
	if err := cfg.validate(); err != nil {
		return nil, link.NewOpError("dial", path, err)
	}
	return &Dialer{cfg: cfg, path: path}, nil
}

// Endpoint implements link.Dialer: the path of the socket.
func (d *Dialer) Endpoint() string { return d.path }

// Dial implements link.Dialer. Besides the context, HandshakeTimeout bounds it. A server whose queue of clients
// is full is waited for. Other errors: os.ErrPermission, where the socket belongs to somebody else;
// *link.RefusedError; link.ErrPeerClosed and link.ErrReset, where the server left during the handshake;
// link.ErrProtocol, where its answer makes no sense.
func (d *Dialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	limit := link.Within(d.cfg.HandshakeTimeout)
	c, err := d.connect(ctx, &limit)
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	s, err := d.greet(ctx, c, p, &limit)
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	return s, nil
}

// greet shakes hands.
func (d *Dialer) greet(ctx context.Context, c *conn, p link.Proposal, limit *link.Deadline) (*link.Session, error) {
	packet, err := c.packetSize(d.cfg.Packet, d.cfg.SendBuffer)
	if err != nil {
		c.Close()
		return nil, err
	}
	p = p.WithDefaults(offered, packet)
	p.Supported &= offered
	p.Preferred &= offered
	var ack wire.HelloAck
	err = shakeHands(ctx, c, func() (err error) {
		ack, err = propose(c, p, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return link.NewClientSession(c, link.Info{
		Endpoint:  d.path,
		Profile:   ack.Selected,
		SessionID: ack.SessionID,
		Limits:    link.LimitsOf(ack),
		Peer:      c.peer(),
		Depth:     p.Depth,
	}), nil
}
