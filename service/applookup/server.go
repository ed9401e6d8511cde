package applookup

import (
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Handler answers one request: it goes through the pids in their order and answers each with Add or Unknown of the
// builder, which it need not finish.
//
//	func(ctx context.Context, req applookup.RequestView, out *applookup.Builder) error {
//		out.SetGeneration(7)
//		for _, pid := range req.All() {
//			if p, ok := known[pid]; ok {
//				out.Add(applookup.Item{UID: p.uid, Comm: p.comm, CgroupPath: p.path})
//			} else {
//				out.Unknown()
//			}
//		}
//		return out.Err()
//	}
//
// What does not fit the answer is the builder's business and no error: it says so in the item, and the client asks
// again. Once Full, the pids that are left need not be answered. A handler that leaves pids without an answer while
// there was room has failed.
type Handler = service.Handler[applookup.RequestView, applookup.Builder]

// Server serves APPS_LOOKUP.
type Server = service.Server[applookup.RequestView, applookup.Builder, Responder]

// NewServer returns a server for the clients of l; see service.NewServer.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	return service.NewServer[Responder](l, cfg, h)
}
