package servicetest

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Wrap returns l with sessions that wrap has made of its own: what a test puts between a server and its transport. It
// calls wrap from wherever a handshake has succeeded.
func Wrap(l link.Listener, wrap func(link.Conn) link.Conn) link.Listener {
	return &listener{l, func(ctx context.Context, in link.Incoming, set link.Settings) (link.Conn, error) {
		conn, err := in.Handshake(ctx, set)
		if err != nil {
			return nil, err
		}
		return wrap(conn), nil
	}}
}

// listener is one with another way to shake hands.
type listener struct {
	link.Listener
	handshake func(context.Context, link.Incoming, link.Settings) (link.Conn, error)
}

// Accept implements link.Listener.
func (l *listener) Accept(ctx context.Context) (link.Incoming, error) {
	in, err := l.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &incoming{in, l}, nil
}

type incoming struct {
	link.Incoming
	l *listener
}

// Handshake implements link.Incoming.
func (in *incoming) Handshake(ctx context.Context, set link.Settings) (link.Conn, error) {
	return in.l.handshake(ctx, in.Incoming, set)
}
