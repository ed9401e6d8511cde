package cgrouplookup

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

// Handler answers one request: it goes through the paths in their order and answers each with Add, AddItem,
// AddEncoded or Unknown of the builder, which it need not finish.
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
type Server = service.Server[cgrouplookup.RequestView, answering, answerer]

// NewServer returns a server for the clients of l; see service.NewServer.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	return service.NewServer[answerer](l, cfg, lookup.Handle[cgrouplookup.RequestView, cgrouplookup.Builder](h))
}

type answering = lookup.Answering[cgrouplookup.RequestView, cgrouplookup.Builder, *cgrouplookup.Builder]

// answerer is Responder with a builder that knows the limit beforehand.
type answerer struct{ Responder }

var _ service.Responder[cgrouplookup.RequestView, answering] = answerer{}

// Begin implements service.Responder.
func (answerer) Begin(out *answering, _ cgrouplookup.RequestView, dst []byte, grow codec.Grow) error {
	out.Begin(dst, grow)
	return nil
}

// Finish implements service.Responder.
func (answerer) Finish(out *answering) (int, error) { return out.Finish() }
