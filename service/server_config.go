package service

import (
	"log/slog"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// ServerConfig configures a managed server. The zero value of every field gives the default in its comment.
type ServerConfig struct {
	// Supported and Preferred are the profiles that the server offers, and likes best; default: baseline, and
	// those that are supported. What the transport does not have is left out.
	Supported, Preferred wire.Profile
	// AuthToken is what clients have to know.
	AuthToken uint64
	// Packet bounds the packet size, in bytes; default: the transport's largest.
	Packet uint32

	// MaxRequestPayload is the largest request that a client may propose, in bytes; default
	// link.GrowthCeiling.
	MaxRequestPayload uint32
	// MaxResponsePayload is the response limit of all sessions, in bytes. Default: sessions begin with
	// link.DefaultResponseCeiling, and after an answer that did not fit new ones get twice what was too
	// little, up to link.GrowthCeiling.
	MaxResponsePayload uint32
	// StartResponsePayload is what sessions begin with where the limit is to grow as it does by default, but from
	// here, or to MaxResponsePayload, in bytes; default: MaxResponsePayload at once. Over shared memory each session
	// has as much memory of its own.
	StartResponsePayload uint32

	// MaxSessions is how many clients are served at once; default DefaultMaxSessions. Those beyond it are
	// refused with INTERNAL_ERROR, which to a client is a passing cause.
	MaxSessions int
	// SendTimeout is how long an answer may wait for a client that does not read; then its session ends.
	// Default DefaultSendTimeout; negative: for ever.
	SendTimeout time.Duration

	// MeasureLatency fills in ServerStatus.Latency, for two clock readings a request.
	MeasureLatency bool
	// Logger takes what happens to sessions at level Debug, and panics of handlers at level Error; default
	// slog.Default().
	Logger *slog.Logger
	// OnEvent is told what happens to sessions; nil costs nothing. It is called synchronously, from many
	// goroutines, and must not block.
	OnEvent func(link.Event)
}

// Defaults of ServerConfig.
const (
	DefaultMaxSessions = 1024
	DefaultSendTimeout = 30 * time.Second
)

func (c ServerConfig) withDefaults() ServerConfig {
	if c.MaxSessions <= 0 {
		c.MaxSessions = DefaultMaxSessions
	}
	if c.SendTimeout == 0 {
		c.SendTimeout = DefaultSendTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// settings is what the server brings into the handshake of one session.
func (c *ServerConfig) settings(id uint64, responses uint32) link.Settings {
	return link.Settings{
		Supported:       c.Supported,
		Preferred:       c.Preferred,
		RequestPayload:  c.MaxRequestPayload,
		ResponsePayload: responses,
		AuthToken:       c.AuthToken,
		Packet:          c.Packet,
		SessionID:       id,
	}
}
