package hostprovider

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/rundir"
)

// ResponseLimit is how large an answer may be, in bytes: a host with 300,000 cgroups fits.
const ResponseLimit = 64 << 20

// responseStart is what the limit begins with, in bytes: a host with 1,000 cgroups fits, and regions of shared memory
// are no larger than this host needs.
const responseStart = 256 << 10

// NewServer puts a source that is started behind the clients of l, which belongs to the server from then on. They get
// the newest snapshot there is, have to know the token, and may share memory.
func NewServer(l link.Listener, s *Source, token uint64, log *slog.Logger) *cgroupsnapshot.Server {
	return newServer(l, s.Newest(), token, log)
}

func newServer(l link.Listener, h cgroupsnapshot.Handler, token uint64, log *slog.Logger) *cgroupsnapshot.Server {
	return cgroupsnapshot.NewServer(l, service.ServerConfig{
		Supported:            local.Profiles,
		AuthToken:            token,
		MaxResponsePayload:   ResponseLimit,
		StartResponsePayload: responseStart,
		Logger:               log,
	}, h)
}

// Embedded is a provider inside this process, in a run directory of its own.
type Embedded struct {
	dir    string
	source *Source
	server *cgroupsnapshot.Server
	served chan struct{} // closed when the server has ended
}

// Embed starts one. Error: that of the first listing, among others errors.ErrUnsupported where there are no
// cgroups; what the system says.
func Embed(ctx context.Context, log *slog.Logger) (*Embedded, error) {
	s := NewSource(hostcgroups.Config{}, OnRequest, log)
	if _, _, err := s.Start(ctx); err != nil {
		return nil, err
	}
	e, err := s.embed(ctx, log)
	if err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return e, nil
}

func (s *Source) embed(ctx context.Context, log *slog.Logger) (*Embedded, error) {
	dir, err := rundir.Private()
	if err != nil {
		return nil, err
	}
	l, err := local.Listen(ctx, dir, cgroupsnapshot.ServiceName)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	e := &Embedded{dir: dir, source: s, server: newServer(l, s.Anew(), 0, log), served: make(chan struct{})}
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

// patience is how long Close waits for a listing in progress, which heeds that it is to end.
const patience = 10 * time.Second

// Close ends the provider and removes its directory.
func (e *Embedded) Close() error {
	err := e.server.Close()
	<-e.served
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(err, e.source.Stop(ctx), os.RemoveAll(e.dir))
}
