package linktest

import (
	"context"
	"errors"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var _ link.Incoming = (*incoming)(nil)

// incoming is a client that was accepted.
type incoming struct {
	listener *listener
	end      *end
}

// Peer implements link.Incoming.
func (i *incoming) Peer() link.Peer { return i.listener.cfg.Client }

// Close implements link.Incoming.
func (i *incoming) Close() error { return i.end.Close() }

// Handshake implements link.Incoming.
func (i *incoming) Handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	cfg := i.listener.cfg
	s = s.WithDefaults(wire.ProfileBaseline, cfg.Packet)
	var ack wire.HelloAck
	if err := exchange(ctx, i.end, cfg.HandshakeTimeout, func(d *link.Deadline) (err error) {
		ack, err = i.answer(s, d)
		return err
	}); err != nil {
		return nil, link.NewOpError("handshake", i.listener.name, err)
	}
	return &Conn{end: i.end, Session: link.NewServerSession(cfg.wrap(false, i.end), link.Info{
		Endpoint:  i.listener.name,
		Profile:   ack.Selected,
		SessionID: ack.SessionID,
		Limits:    link.LimitsOf(ack),
		Peer:      cfg.Client,
	})}, nil
}

// answer reads the HELLO and answers it.
func (i *incoming) answer(s link.Settings, d *link.Deadline) (wire.HelloAck, error) {
	packet, _, err := i.end.ReadPacket(nil, link.MaxHandshakePacket, d)
	if err != nil {
		return wire.HelloAck{}, err
	}
	hello, err := link.ParseHello(packet)
	var refused *link.RefusedError
	if errors.As(err, &refused) {
		return wire.HelloAck{}, i.refuse(refused, d)
	}
	if err != nil {
		return wire.HelloAck{}, err
	}
	ack, status := link.Negotiate(hello, s)
	if status != wire.StatusOK {
		return wire.HelloAck{}, i.refuse(&link.RefusedError{Status: status}, d)
	}
	return ack, i.end.WritePacket(link.AppendAck(nil, ack), d)
}

// refuse tells the client why, and returns the reason, or what kept it from being told.
func (i *incoming) refuse(why *link.RefusedError, d *link.Deadline) error {
	if err := i.end.WritePacket(link.AppendRefusal(nil, why.Status), d); err != nil {
		return err
	}
	return why
}

// Refuse implements link.Incoming.
func (i *incoming) Refuse(ctx context.Context, s wire.Status) error {
	err := exchange(ctx, i.end, i.listener.cfg.HandshakeTimeout, func(d *link.Deadline) error {
		_, _, err := i.end.ReadPacket(nil, link.MaxHandshakePacket, d)
		if err != nil {
			return err
		}
		return i.end.WritePacket(link.AppendRefusal(nil, s), d)
	})
	i.end.Close()
	return link.NewOpError("refuse", i.listener.name, err)
}
