package posix

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var _ link.Incoming = (*incoming)(nil)

// incoming is a client that has connected.
type incoming struct {
	conn *conn
	peer link.Peer
	cfg  *ListenConfig
	ids  *sessionIDs
	path string
	over atomic.Bool // one of the methods has ended its life
}

// Peer implements link.Incoming.
func (in *incoming) Peer() link.Peer { return in.peer }

// Handshake implements link.Incoming. A peer whose uid is not served gets AUTH_FAILED, whatever it says.
func (in *incoming) Handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	session, err := in.handshake(ctx, s)
	if err != nil {
		return nil, link.NewOpError("handshake", in.path, err)
	}
	return session, nil
}

func (in *incoming) handshake(ctx context.Context, s link.Settings) (link.Conn, error) {
	if err := in.end(); err != nil {
		return nil, err
	}
	c := in.conn
	packet, err := c.packetSize(in.cfg.Packet, in.cfg.SendBuffer)
	if err != nil {
		c.Close()
		return nil, err
	}
	s = s.WithDefaults(wire.ProfileBaseline, packet)
	s = without(s, ^offered)
	s.SessionID = in.ids.claim(s.SessionID)
	var ack wire.HelloAck
	var r *region
	limit := link.Within(in.cfg.HandshakeTimeout)
	err = shakeHands(ctx, c, func() (err error) {
		ack, r, err = in.decide(s, &limit)
		return err
	})
	if err != nil {
		r.drop()
		return nil, err
	}
	info := link.Info{
		Endpoint:  in.path,
		Profile:   ack.Selected,
		SessionID: ack.SessionID,
		Limits:    link.LimitsOf(ack),
		Peer:      in.peer,
	}
	if r != nil {
		return r.serve(c, info), nil
	}
	return link.NewServerSession(c, info), nil
}

// Refuse implements link.Incoming. A HELLO that cannot be understood is answered with what is wrong with it.
func (in *incoming) Refuse(ctx context.Context, s wire.Status) error {
	if err := in.end(); err != nil {
		return link.NewOpError("refuse", in.path, err)
	}
	limit := link.Within(in.cfg.HandshakeTimeout)
	err := shakeHands(ctx, in.conn, func() error {
		if _, err := readHello(in.conn, in.mayServe, &limit); err != nil {
			return err
		}
		return in.conn.WritePacket(link.AppendRefusal(nil, s), &limit)
	})
	in.conn.Close()
	return link.NewOpError("refuse", in.path, err)
}

// Close implements link.Incoming.
func (in *incoming) Close() error {
	if in.end() != nil {
		return nil
	}
	return link.NewOpError("close", in.path, in.conn.Close())
}

func (in *incoming) end() error {
	if in.over.Swap(true) {
		return fmt.Errorf("%w: this client was handled already", link.ErrMisuse)
	}
	return nil
}

func (in *incoming) mayServe() error {
	switch {
	case in.cfg.serves(in.peer):
		return nil
	case !in.peer.Known:
		return fmt.Errorf("the system does not say whose process the client is; served are the uids %d", in.cfg.AllowUIDs)
	}
	return fmt.Errorf("the client runs as uid %d (pid %d); served are the uids %d", in.peer.UID, in.peer.PID, in.cfg.AllowUIDs)
}
