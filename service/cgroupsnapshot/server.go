package cgroupsnapshot

import (
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Handler answers one request: it fills in the builder, item by item, and need not finish it.
//
//	func(ctx context.Context, _ cgroupsnapshot.Request, out *cgroupsnapshot.Builder) error {
//		out.SetGeneration(7)
//		return out.Add(cgroupsnapshot.HashName(name), 0, 1, name, path)
//	}
//
// An error of the builder may be returned or ignored: a snapshot that does not fit is answered LIMIT_EXCEEDED
// either way, and the client asks again with a larger limit.
type Handler = service.Handler[cgroupsnapshot.Request, cgroupsnapshot.Builder]

// Server serves CGROUPS_SNAPSHOT.
type Server = service.Server[cgroupsnapshot.Request, cgroupsnapshot.Builder, Responder]

// NewServer returns a server for the clients of l; see service.NewServer.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	return service.NewServer[Responder](l, cfg, h)
}
