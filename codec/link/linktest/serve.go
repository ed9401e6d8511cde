package linktest

import (
	"context"
	"errors"
	"sync"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Serve plays a server over any transport: it accepts clients at l, shakes hands under s and runs session for
// each of them, beside one another, until ctx ends or l is closed. A handshake that fails is passed over.
//
// When it returns, every session has been closed and every call of session has returned. The error is the first
// that a session returned, or what kept Accept from going on; nil when ctx ended or l was closed. That a
// session was closed, by whichever side, or that its connection broke, is no error.
func Serve(ctx context.Context, l link.Listener, s link.Settings, session func(ctx context.Context, c link.Conn) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var srv server
	var err error
	for err == nil {
		var in link.Incoming
		if in, err = l.Accept(ctx); err == nil {
			srv.wait.Go(func() { srv.one(ctx, in, s, session) })
		}
	}
	if ctx.Err() != nil || errors.Is(err, link.ErrClosed) {
		err = nil
	}
	cancel() // ends the sessions
	srv.wait.Wait()
	return errors.Join(srv.first, err)
}

// server is what the sessions of one Serve share.
type server struct {
	wait  sync.WaitGroup
	mu    sync.Mutex
	first error // that a session returned
}

func (srv *server) one(ctx context.Context, in link.Incoming, s link.Settings, session func(context.Context, link.Conn) error) {
	c, err := in.Handshake(ctx, s)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	if err := session(ctx, c); err != nil && !over(err) {
		srv.mu.Lock()
		defer srv.mu.Unlock()
		if srv.first == nil {
			srv.first = err
		}
	}
}

// over reports whether an error is how sessions end.
func over(err error) bool {
	return errors.Is(err, link.ErrClosed) || errors.Is(err, link.ErrPeerClosed) || errors.Is(err, link.ErrReset)
}

// AnswerInPairs serves clients at l, with the default settings, and answers the first request of each session
// only after it has read the second, the third after the fourth, and so on; of each two, the later is answered
// first. So a client that sends its second request only when it has the answer to its first waits for ever, and
// one that matches answers by their order gets the wrong ones.
//
// handle gets the code and the payload of a request, borrowed until it returns, and returns the payload of the
// answer, of at most link.DefaultResponseCeiling bytes. Sessions call it beside one another. See Serve for when
// it returns and what.
func AnswerInPairs(ctx context.Context, l link.Listener, handle func(code uint16, payload []byte) []byte) error {
	return Serve(ctx, l, link.Settings{}, func(ctx context.Context, c link.Conn) error {
		var pair [2]link.Message
		for {
			for i := range pair {
				if err := c.Recv(&pair[i], nil); err != nil {
					return err
				}
			}
			for _, m := range []*link.Message{&pair[1], &pair[0]} {
				if err := Answer(c, m.Header, handle(m.Header.Code, m.Payload)); err != nil {
					return err
				}
			}
		}
	})
}

// Answer sends the answer to a request whose header is given: its code, message id, flags and item count, with
// status OK.
func Answer(c link.Conn, req wire.Header, payload []byte) error {
	req.Kind, req.Status = wire.KindResponse, wire.StatusOK
	return send(c, req, payload, nil)
}
