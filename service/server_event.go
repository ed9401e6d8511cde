package service

import (
	"context"
	"log/slog"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// emit tells the hook and the log about something that happened. It costs nothing when nobody listens.
func (c *serverCore) emit(e link.Event) {
	debug := c.cfg.Logger.Enabled(context.Background(), slog.LevelDebug)
	if c.cfg.OnEvent == nil && !debug {
		return
	}
	e.When, e.Service = time.Now(), c.listener.Endpoint()
	if debug {
		c.cfg.Logger.LogAttrs(context.Background(), slog.LevelDebug, "netipc: "+e.Kind.String(),
			slog.String("service", e.Service),
			slog.Uint64("session", e.Session),
			slog.String("profile", e.Profile.String()),
			slog.Int("pid", e.Peer.PID),
			slog.Any("error", e.Err))
	}
	if c.cfg.OnEvent != nil {
		c.cfg.OnEvent(e)
	}
}

func (s *serverSession) emit(k link.EventKind, err error) {
	s.c.emit(link.Event{
		Kind:    k,
		Session: s.info.SessionID,
		Profile: s.info.Profile,
		Peer:    s.info.Peer,
		Err:     err,
	})
}
