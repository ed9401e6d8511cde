package lookup

import (
	"context"
	"math"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/service"
)

// Builder is a builder of answers to requests of type V.
type Builder[V any] interface {
	Reset(dst []byte, grow codec.Grow, budget int, req V) error
	Finish() (int, error)
}

// Answering is what a server keeps of a session: its builder, and how large answers may be, so that the builder never
// asks for more. PB is *B.
type Answering[V, B any, PB interface {
	*B
	Builder[V]
}] struct {
	builder B
	budget  int // bytes; 0: not known yet
	dst     []byte
	grow    codec.Grow
}

// Begin keeps where the next answer goes, for the handler to begin: that one knows the session.
func (a *Answering[V, B, PB]) Begin(dst []byte, grow codec.Grow) { a.dst, a.grow = dst, grow }

// Finish returns the size of the answer.
func (a *Answering[V, B, PB]) Finish() (int, error) { return PB(&a.builder).Finish() }

// Handle makes a handler of h.
func Handle[V, B any, PB interface {
	*B
	Builder[V]
}](h service.Handler[V, B]) service.Handler[V, Answering[V, B, PB]] {
	return func(ctx context.Context, req V, out *Answering[V, B, PB]) error {
		if out.budget == 0 {
			out.budget = math.MaxInt
			if info, ok := service.SessionFrom(ctx); ok {
				out.budget = int(min(uint64(info.Limits.ResponsePayload), math.MaxInt))
			}
		}
		if PB(&out.builder).Reset(out.dst, out.grow, out.budget, req) != nil {
			return nil // Finish says it again, and there it is known whose error it is
		}
		return h(ctx, req, &out.builder)
	}
}
