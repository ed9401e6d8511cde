package posix

import (
	"context"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// ErrUnsupported is the error of everything that would need the socket, on an operating system without. Its
// text names that. It wraps errors.ErrUnsupported.
var ErrUnsupported = sys.ErrUnsupported

var _ link.Dialer = (*Dialer)(nil)

// Dialer makes client sessions with one service. It is safe for concurrent use.
type Dialer struct {
	cfg  DialConfig
	path string
	// givenUp are the profiles that this client could not use although the server had them. It does not propose them again
	// beside others.
	givenUp atomic.Uint32
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

// Dial implements link.Dialer. Besides the context, HandshakeTimeout bounds each handshake. A server whose queue of
// clients is full is waited for. Where the server has selected shared memory and this process cannot attach to it,
// Dial connects again without, and so do later calls; a region that is late is waited for up to AttachTimeout. Errors:
// os.ErrPermission, where the socket belongs to somebody else; *link.RefusedError; link.ErrPeerClosed and
// link.ErrReset, where the server left during the handshake; link.ErrProtocol, where its answer makes no sense;
// ErrCannotAttach, where nothing but shared memory was proposed.
func (d *Dialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	s, err := d.dial(ctx, p)
	if err != nil {
		return nil, link.NewOpError("dial", d.path, err)
	}
	return s, nil
}

// dial makes one session, in two attempts if need be.
func (d *Dialer) dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	s, err := d.attempt(ctx, p, wire.Profile(d.givenUp.Load()))
	if err == nil || !d.fallsBack(ctx, p, err) {
		return s, err
	}
	return d.attempt(ctx, p, sharedMemory)
}

// attempt connects and shakes hands once, avoiding some profiles.
func (d *Dialer) attempt(ctx context.Context, p link.Proposal, avoid wire.Profile) (link.Conn, error) {
	limit := link.Within(d.cfg.HandshakeTimeout)
	c, err := d.connect(ctx, &limit)
	if err != nil {
		return nil, err
	}
	return d.greet(ctx, c, p, avoid, &limit)
}

// greet shakes hands.
func (d *Dialer) greet(ctx context.Context, c *conn, p link.Proposal, avoid wire.Profile, limit *link.Deadline) (link.Conn, error) {
	packet, err := c.packetSize(d.cfg.Packet, d.cfg.SendBuffer)
	if err != nil {
		c.Close()
		return nil, err
	}
	p = offers(p.WithDefaults(wire.ProfileBaseline, packet), avoid)
	var ack wire.HelloAck
	err = shakeHands(ctx, c, func() (err error) {
		ack, err = propose(c, p, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	info := link.Info{
		Endpoint:  d.path,
		Profile:   ack.Selected,
		SessionID: ack.SessionID,
		Limits:    link.LimitsOf(ack),
		Peer:      c.peer(),
		Depth:     p.Depth,
	}
	if ack.Selected&sharedMemory != 0 {
		return d.attach(ctx, c, info)
	}
	return link.NewClientSession(c, info), nil
}
