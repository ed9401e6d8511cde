package hostprovider

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/rundir"
)

// ResponseLimit is how large an answer may be, in bytes: a host with 300,000 cgroups fits.
const ResponseLimit = 64 << 20

// Embedded is a provider inside this process, in a run directory of its own.
type Embedded struct {
	dir    string
	server Server
	served chan struct{} // closed when the server has ended
}

// Embed starts one, of one of Services. Error: that of Host.Check, among others errors.ErrUnsupported where there
// is no such thing; what the system says.
func Embed(ctx context.Context, name string, log *slog.Logger) (*Embedded, error) {
	h := NewHost(log)
	if err := h.Check(ctx, name); err != nil {
		return nil, err
	}
	dir, err := rundir.Private()
	if err != nil {
		return nil, err
	}
	l, err := local.Listen(ctx, dir, name)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	e := &Embedded{dir: dir, server: h.NewServer(l, name, 0), served: make(chan struct{})}
	go func() {
		defer close(e.served)
		if err := e.server.Serve(context.Background()); err != nil {
			log.Error("the embedded provider ended", "error", err)
		}
	}()
	return e, nil
}

// RunDir returns the directory in which it can be found.
func (e *Embedded) RunDir() string { return e.dir }

// Close ends the provider and removes its directory.
func (e *Embedded) Close() error {
	err := e.server.Close()
	<-e.served
	return errors.Join(err, os.RemoveAll(e.dir))
}
