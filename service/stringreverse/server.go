package stringreverse

import (
	"context"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/service"
)

// Handler answers one string, whether it came alone or in a batch, by SetReversed or SetString of out: the last one
// counts, and without one the answer is empty.
//
// An error of the builder may be returned or ignored: an answer that does not fit is answered LIMIT_EXCEEDED either
// way, and the client asks again with a larger limit.
type Handler = service.Handler[codec.StrView, stringreverse.Builder]

// Server serves STRING_REVERSE.
type Server = service.Server[codec.StrView, stringreverse.Builder, Responder]

// NewServer returns a server for the clients of l; see service.NewServer. A nil h is Reverse. Sessions call it
// concurrently with one another.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	if h == nil {
		h = Reverse
	}
	return service.NewServer[Responder](l, cfg, h)
}

// Reverse is the handler that the method is named after.
func Reverse(_ context.Context, s codec.StrView, out *stringreverse.Builder) error {
	return out.SetReversed(s)
}
