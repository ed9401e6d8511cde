package cgrouplookup

import (
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Handler answers one request: it goes through the paths in their order and answers each with Add or Unknown of the
// builder, which it need not finish.
//
//	func(ctx context.Context, req cgrouplookup.RequestView, out *cgrouplookup.Builder) error {
//		out.SetGeneration(7)
//		for _, path := range req.All() {
//			if cg, ok := known[path.String()]; ok {
//				out.Add(cgrouplookup.Item{Name: cg.name, Labels: cg.labels})
//			} else {
//				out.Unknown(cgrouplookup.StatusUnknownPermanent)
//			}
//		}
//		return out.Err()
//	}
//
// What does not fit the answer is the builder's business and no error: it says so in the item, and the client asks
// again. Once Full, the paths that are left need not be answered. A handler that leaves paths without an answer while
// there was room has failed.
type Handler = service.Handler[cgrouplookup.RequestView, cgrouplookup.Builder]

// Server serves CGROUPS_LOOKUP.
type Server = service.Server[cgrouplookup.RequestView, cgrouplookup.Builder, Responder]

// NewServer returns a server for the clients of l; see service.NewServer.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	return service.NewServer[Responder](l, cfg, h)
}
