package increment

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Server serves INCREMENT.
type Server = service.Server[uint64, Answer, Responder]

// NewServer returns a server for the clients of l; see service.NewServer. h answers one number, whether it came
// alone or in a batch; sessions call it concurrently with one another.
func NewServer(l link.Listener, cfg service.ServerConfig, h func(ctx context.Context, v uint64) (uint64, error)) *Server {
	return service.NewServer[Responder](l, cfg, func(ctx context.Context, v uint64, out *Answer) error {
		v, err := h(ctx, v)
		if err != nil {
			return err
		}
		out.Set(v)
		return nil
	})
}

// Next is the handler that the method is named after.
func Next(_ context.Context, v uint64) (uint64, error) { return v + 1, nil }
