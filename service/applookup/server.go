package applookup

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

// Handler answers one request: it goes through the pids in their order and answers each with Add, AddItem,
// AddEncoded or Unknown of the builder, which it need not finish.
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
type Server = service.Server[applookup.RequestView, answering, answerer]

// NewServer returns a server for the clients of l; see service.NewServer.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	return service.NewServer[answerer](l, cfg, lookup.Handle[applookup.RequestView, applookup.Builder](h))
}

type answering = lookup.Answering[applookup.RequestView, applookup.Builder, *applookup.Builder]

// answerer is Responder with a builder that knows the limit beforehand.
type answerer struct{ Responder }

var _ service.Responder[applookup.RequestView, answering] = answerer{}

// Begin implements service.Responder.
func (answerer) Begin(out *answering, _ applookup.RequestView, dst []byte, grow codec.Grow) error {
	out.Begin(dst, grow)
	return nil
}

// Finish implements service.Responder.
func (answerer) Finish(out *answering) (int, error) { return out.Finish() }
