package ipc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// patience bounds the wait for an answer.
const patience = 30 * time.Second

// bare measures Level 1.
func bare(t Transport) sampler {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return bareWith(ctx, d, where, t, roleLevel1)
	}
}

// bareOfDeployed measures Level 1 with a deployed server.
func bareOfDeployed(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
	return bareWith(ctx, d, where, SHM, roleDeployed)
}

func bareWith(ctx context.Context, d time.Duration, where place.Placement, t Transport, role string) (_ bench.Sample, err error) {
	if err := t.offered(); err != nil {
		return nil, err
	}
	p, stop, err := start(where, role, orders{Profile: t.profile})
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	c, err := newCaller(ctx, p.where, t.profile)
	if err != nil {
		return nil, err
	}
	defer c.close(&err)
	trips, took, err := side.Repeat(ctx, d, 64, c.next)
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return side.PerTrip(probe.RoundTrip, trips, took), nil
}

// caller is a client's session.
type caller struct {
	conn     link.Conn
	stop     func() bool
	m        link.Message
	id       uint64
	deadline link.Deadline // of the trip; here, so that none is made for each
	last     uint64        // number answered
	bytes    int           // of an answer
}

// newCaller connects, over nothing but the profile. The session ends with ctx.
func newCaller(ctx context.Context, where posix.Config, profile wire.Profile) (*caller, error) {
	dialer, err := posix.NewDialer(posix.DialConfig{Config: where})
	if err != nil {
		return nil, err
	}
	conn, err := once(ctx, func() (link.Conn, error) {
		return dialer.Dial(ctx, link.Proposal{Supported: profile})
	})
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, bytes: increment.Size, stop: context.AfterFunc(ctx, func() { conn.Close() })}, nil
}

func (c *caller) close(err *error) {
	c.stop()
	*err = errors.Join(*err, c.conn.Close())
}

// next asks for the number after the last.
func (c *caller) next() error {
	request, err := c.conn.Reserve(increment.Size)
	if err != nil {
		return err
	}
	if _, err := increment.EncodeRequest(request, c.last); err != nil {
		return err
	}
	c.id++
	h := wire.Header{Kind: wire.KindRequest, Code: uint16(codec.MethodIncrement), ItemCount: 1, MessageID: c.id}
	c.deadline = link.Within(patience)
	if _, err := c.conn.Exchange(h, increment.Size, &c.m, &c.deadline, nil); err != nil {
		return err
	}
	got, err := increment.DecodeResponse(c.m.Payload)
	if err != nil {
		return err
	}
	if c.m.Header.Status != wire.StatusOK || len(c.m.Payload) != c.bytes || got != c.last+1 {
		return fmt.Errorf("the answer to %d is %d, in %d bytes, with %v", c.last, got, len(c.m.Payload), c.m.Header.Status)
	}
	c.last = got
	return nil
}

// serveLevel1 answers numbers of all who come, over nothing but the profile.
func serveLevel1(o orders) error {
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: config(o.RunDir)})
	if err != nil {
		return err
	}
	for id := uint64(1); ; id++ {
		in, err := l.Accept(context.Background())
		if err != nil {
			return err
		}
		conn, err := in.Handshake(context.Background(), link.Settings{
			Supported: o.Profile, SessionID: id, ResponsePayload: uint32(max(o.Answer, link.DefaultPayload)),
		})
		if err != nil {
			return err
		}
		if err := errors.Join(answerAll(conn, newAnswer(o.Answer)), conn.Close()); err != nil {
			return err
		}
	}
}

// answerAll answers until the client has gone. It has nothing else to do until the next question comes.
func answerAll(conn link.Conn, a *answer) error {
	var m link.Message
	d := link.Deadline(0)
	err := conn.Recv(&m, &d)
	for err == nil {
		h := wire.Header{Kind: wire.KindResponse, Code: m.Header.Code, ItemCount: 1, MessageID: m.Header.MessageID}
		var number uint64
		if number, err = increment.DecodeRequest(m.Payload); err != nil {
			break
		}
		var out []byte
		if out, err = conn.Reserve(a.size()); err != nil {
			break
		}
		if err = a.put(out, number+1); err != nil {
			break
		}
		_, err = conn.Exchange(h, len(out), &m, &d, nil)
	}
	if errors.Is(err, link.ErrPeerClosed) || errors.Is(err, link.ErrReset) {
		return nil
	}
	return err
}
