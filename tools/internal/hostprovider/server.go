package hostprovider

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/rundir"
)

// ResponseLimit is how large an answer may be, in bytes: a host with 300,000 cgroups fits.
const ResponseLimit = 64 << 20

// responseStart is what the limit begins with, in bytes: a host with 1,000 cgroups fits, and regions of shared memory
// are no larger than this host needs.
const responseStart = 256 << 10

// Embedded is a provider inside this process, in a run directory of its own.
type Embedded struct {
	dir    string
	host   *Host
	server Server
	served chan struct{} // closed when the server has ended
}

// Embed starts one, of one of Services. Error: that of Host.Check, among others errors.ErrUnsupported where there
// is no such thing; what the system says.
func Embed(ctx context.Context, name string, log *slog.Logger) (*Embedded, error) {
	h := NewHost(OnRequest, log)
	if err := h.Check(ctx, name); err != nil {
		return nil, errors.Join(err, h.Stop(ctx))
	}
	e, err := h.embed(ctx, name)
	if err != nil {
		return nil, errors.Join(err, h.Stop(ctx))
	}
	return e, nil
}

func (h *Host) embed(ctx context.Context, name string) (*Embedded, error) {
	dir, err := rundir.Private()
	if err != nil {
		return nil, err
	}
	l, err := local.Listen(ctx, dir, name)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	e := &Embedded{dir: dir, host: h, server: h.NewServer(l, name, 0), served: make(chan struct{})}
	go func() {
		defer close(e.served)
		if err := e.server.Serve(context.Background()); err != nil {
			h.log.Error("the embedded provider ended", "error", err)
		}
	}()
	return e, nil
}

// RunDir returns the directory in which it can be found.
func (e *Embedded) RunDir() string { return e.dir }

// patience is how long Close waits for a listing in progress, which heeds that it is to end.
const patience = 10 * time.Second

// Close ends the provider and removes its directory.
func (e *Embedded) Close() error {
	err := e.server.Close()
	<-e.served
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(err, e.host.Stop(ctx), os.RemoveAll(e.dir))
}
