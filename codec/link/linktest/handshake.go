package linktest

import (
	"context"
	"errors"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Conn is a session over a Network. Both link.Dialer and link.Incoming of a Network return it as a link.Conn.
type Conn struct {
	*link.Session
	end *end
}

// Reset breaks the connection, as when a peer dies with unread packets: both ends receive what was queued, then
// fail with link.ErrReset.
func (c *Conn) Reset() { c.end.reset() }

// dialer implements link.Dialer.
type dialer struct {
	network *Network
	name    string
}

var _ link.Dialer = (*dialer)(nil)

// Endpoint implements link.Dialer.
func (d *dialer) Endpoint() string { return d.name }

// Dial implements link.Dialer. It is bounded by ctx alone.
func (d *dialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, link.NewOpError("dial", d.name, err)
	}
	l, err := d.network.find(d.name)
	if err != nil {
		return nil, err
	}
	e, err := l.connect()
	if err != nil {
		return nil, err
	}
	p = p.WithDefaults(wire.ProfileBaseline, l.cfg.Packet)
	var ack wire.HelloAck
	if err := exchange(ctx, e, 0, func(d *link.Deadline) (err error) {
		ack, err = propose(e, p, d)
		return err
	}); err != nil {
		return nil, link.NewOpError("dial", l.name, err)
	}
	return &Conn{end: e, Session: link.NewClientSession(l.cfg.wrap(true, e), link.Info{
		Endpoint:  l.name,
		Profile:   ack.Selected,
		SessionID: ack.SessionID,
		Limits:    link.LimitsOf(ack),
		Peer:      l.cfg.Server,
		Depth:     p.Depth,
	})}, nil
}

// propose is the client's side of the handshake.
func propose(e *end, p link.Proposal, d *link.Deadline) (wire.HelloAck, error) {
	if err := e.WritePacket(link.AppendHello(nil, p), d); err != nil {
		return wire.HelloAck{}, err
	}
	packet, _, err := e.ReadPacket(nil, link.MaxHandshakePacket, d)
	if err != nil {
		return wire.HelloAck{}, err
	}
	return link.ParseAck(packet, p)
}

// exchange runs one side of a handshake, bounded by ctx and, if it is above 0, by limit. When that fails, e is
// closed.
func exchange(ctx context.Context, e *end, limit time.Duration, side func(*link.Deadline) error) error {
	var d link.Deadline
	if limit > 0 {
		d = link.Within(limit)
	}
	if at, ok := ctx.Deadline(); ok && (limit <= 0 || time.Until(at) < limit) {
		d = link.At(at)
	}
	stop := context.AfterFunc(ctx, func() {
		e.Interrupt(link.SideSend)
		e.Interrupt(link.SideRecv)
	})
	err := side(&d)
	if !stop() && (err == nil || errors.Is(err, link.ErrInterrupted)) {
		err = ctx.Err() // too late: an interrupt may be pending, which the session must not see
	}
	if err != nil {
		e.Close()
	}
	return err
}
