package posix

import (
	"context"
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// shakeHands runs one side of a handshake and ends it with ctx. Once it has returned nil, no interrupt of its
// own can hit the session any more. Otherwise the connection is closed.
func shakeHands(ctx context.Context, c *conn, side func() error) error {
	stop := context.AfterFunc(ctx, func() {
		c.Interrupt(link.SideSend)
		c.Interrupt(link.SideRecv)
	})
	err := side()
	if !stop() && (err == nil || errors.Is(err, link.ErrInterrupted)) {
		err = ctx.Err()
	}
	if err == nil {
		return nil
	}
	c.Close()
	switch {
	case errors.Is(err, link.ErrTimeout):
		return fmt.Errorf("%w: the other side was silent during the handshake", err)
	case errors.Is(err, link.ErrPeerClosed), errors.Is(err, link.ErrReset):
		return fmt.Errorf("%w before the handshake was over", err)
	}
	return err
}

// propose is the client's side: it says HELLO and obeys the answer. p has its defaults filled in.
func propose(c *conn, p link.Proposal, d *link.Deadline) (wire.HelloAck, error) {
	unsaid := c.WritePacket(link.AppendHello(nil, p), d)
	if unsaid != nil && !errors.Is(unsaid, link.ErrReset) {
		return wire.HelloAck{}, unsaid
	}
	// A server that has closed without the HELLO may have said why, and tells a close from a reset (spec 15-m).
	packet, err := c.handshakePacket(d)
	if err != nil {
		return wire.HelloAck{}, err
	}
	ack, err := link.ParseAck(packet, p)
	if err == nil {
		err = unsaid
	}
	if err != nil {
		return wire.HelloAck{}, err
	}
	c.agree(ack.PacketSize)
	return ack, nil
}

// decide is the server's side: it reads the HELLO, prepares what was negotiated, and answers. s has its defaults
// filled in. The region is nil unless shared memory was selected; it is there before the client is told.
func (in *incoming) decide(s link.Settings, d *link.Deadline) (ack wire.HelloAck, r *region, err error) {
	c := in.conn
	hello, err := readHello(c, in.mayServe, d)
	if err != nil {
		return wire.HelloAck{}, nil, err
	}
	ack, status := link.Negotiate(hello, s)
	if status != wire.StatusOK {
		return wire.HelloAck{}, nil, refuse(c, &link.RefusedError{Status: status, Err: whyNot(status, hello, s)}, d)
	}
	if ack.Selected == wire.ProfileSHMHybrid {
		var failed error
		if r, failed = in.prepare(&ack); failed != nil {
			ack, status = link.Negotiate(hello, without(s, sharedMemory))
			if status != wire.StatusOK { // a passing cause, as the client must see it
				return wire.HelloAck{}, nil, refuse(c, &link.RefusedError{Status: wire.StatusInternalError, Err: failed}, d)
			}
		}
	}
	c.agree(ack.PacketSize)
	if err := c.WritePacket(link.AppendAck(nil, ack), d); err != nil {
		r.drop()
		return wire.HelloAck{}, nil, err
	}
	return ack, r, nil
}

// readHello reads the HELLO and judges its layout. Somebody who is not served learns that first, but not
// before the HELLO was read: a connection that is closed with something unread resets, and the answer would
// be lost (spec 02, 15-i). Who does not speak the protocol is not answered at all (spec 15-f).
func readHello(c *conn, mayServe func() error, d *link.Deadline) (wire.Hello, error) {
	packet, err := c.handshakePacket(d)
	if err != nil {
		return wire.Hello{}, err
	}
	hello, err := link.ParseHello(packet)
	if errors.Is(err, link.ErrNotHello) {
		return wire.Hello{}, err
	}
	if no := mayServe(); no != nil {
		return wire.Hello{}, refuse(c, &link.RefusedError{Status: wire.StatusAuthFailed, Err: no}, d)
	}
	var refused *link.RefusedError
	if errors.As(err, &refused) {
		return wire.Hello{}, refuse(c, refused, d)
	}
	return hello, err
}

// refuse tells the client why, and returns the reason together with what kept it from being told.
func refuse(c *conn, why *link.RefusedError, d *link.Deadline) error {
	if err := c.WritePacket(link.AppendRefusal(nil, why.Status), d); err != nil {
		return fmt.Errorf("%w (and the client could not be told: %v)", why, err)
	}
	return why
}

func (c *conn) handshakePacket(d *link.Deadline) ([]byte, error) {
	packet, _, err := c.ReadPacket(make([]byte, 0, link.MaxHandshakePacket), link.MaxHandshakePacket, d)
	return packet, err
}

// whyNot says in words what a refusal of link.Negotiate is about.
func whyNot(s wire.Status, h wire.Hello, ours link.Settings) error {
	switch s {
	case wire.StatusBadEnvelope:
		return fmt.Errorf("HELLO flags are %#x, not zero", h.Flags)
	case wire.StatusAuthFailed:
		return errors.New("the client's token is not ours")
	case wire.StatusUnsupported:
		return fmt.Errorf("the client can do %v, we can do %v", h.Supported, ours.Supported)
	case wire.StatusLimitExceeded:
		return fmt.Errorf("the client asks for requests of %d bytes, we take %d", h.MaxRequestPayload, ours.RequestPayload)
	case wire.StatusIncompatible:
		return fmt.Errorf("packet sizes of %d (the client's) and %d (ours), at least %d is needed", h.PacketSize, ours.Packet, link.MinPacket)
	}
	return nil
}
