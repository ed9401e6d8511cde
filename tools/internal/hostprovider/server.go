package hostprovider

import (
	"context"
	"errors"
	"log/slog"
	"os"

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

// NewServer puts a source behind the clients of l, which belongs to the server from then on. Clients have to know
// the token; they may share memory.
func NewServer(l link.Listener, s *Source, token uint64, log *slog.Logger) *cgroupsnapshot.Server {
	return cgroupsnapshot.NewServer(l, service.ServerConfig{
		Supported:            local.Profiles,
		AuthToken:            token,
		MaxResponsePayload:   ResponseLimit,
		StartResponsePayload: responseStart,
		Logger:               log,
	}, s.Answer)
}

// Embedded is a provider inside this process, in a run directory of its own.
type Embedded struct {
	dir    string
	server *cgroupsnapshot.Server
	served chan struct{} // closed when the server has ended
}

// Embed starts one. Error: that of the first listing, among others errors.ErrUnsupported where there are no
// cgroups; what the system says.
func Embed(ctx context.Context, log *slog.Logger) (*Embedded, error) {
	s := NewSource(hostcgroups.Config{}, log)
	if _, _, err := s.Check(ctx); err != nil {
		return nil, err
	}
	dir, err := rundir.Private()
	if err != nil {
		return nil, err
	}
	l, err := local.Listen(ctx, dir, cgroupsnapshot.ServiceName)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	e := &Embedded{dir: dir, server: NewServer(l, s, 0, log), served: make(chan struct{})}
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
