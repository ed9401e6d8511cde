package hostprovider

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostlookup"
)

// Services are all that a host can be asked for, by name.
var Services = []string{cgroupsnapshot.ServiceName, cgrouplookup.ServiceName, applookup.ServiceName}

// Host is what the servers of this host answer from. Both lookups have one table.
type Host struct {
	log       *slog.Logger
	interval  time.Duration
	snapshots *Source
	lookups   *hostlookup.Source

	mu      sync.Mutex
	started bool // snapshots is
}

// NewHost returns a host that nothing has been read of yet; Stop follows. Its cgroups are listed anew when that long
// has passed since the last listing, or with OnRequest whenever they are asked for. What changes for the worse is logged.
func NewHost(interval time.Duration, log *slog.Logger) *Host {
	return &Host{
		log:       log,
		interval:  interval,
		snapshots: NewSource(hostcgroups.Config{}, interval, log),
		lookups:   hostlookup.NewSource(hostlookup.Config{}, log),
	}
}

// Check reads once what a service answers with, so that the first client does not wait. Errors: those of
// hostcgroups and hostprocs, among others errors.ErrUnsupported where there is no such thing.
func (h *Host) Check(ctx context.Context, name string) error {
	if name == cgroupsnapshot.ServiceName {
		return h.start(ctx)
	}
	if h.lookups.Get() != nil {
		return nil
	}
	_, err := h.lookups.Refresh(ctx)
	return err
}

// start makes the first snapshot.
func (h *Host) start(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started {
		return nil
	}
	_, n, err := h.snapshots.Start(ctx)
	if err != nil {
		return err
	}
	h.started = true
	h.log.Debug("listed cgroups", "cgroups", n)
	return nil
}

// Stop ends the listing of cgroups in the background, and waits for one in progress as long as ctx allows.
func (h *Host) Stop(ctx context.Context) error {
	h.mu.Lock()
	started := h.started
	h.started = false
	h.mu.Unlock()
	if !started {
		return nil
	}
	return h.snapshots.Stop(ctx)
}

// Run keeps what lookups answer with warm, until ctx ends.
func (h *Host) Run(ctx context.Context) { h.lookups.Run(ctx) }

// Server is the server of any service.
type Server interface {
	Serve(context.Context) error
	Shutdown(context.Context) error
	Close() error
	Status() service.ServerStatus
}

// NewServer puts a service behind the clients of l, which belongs to the server from then on. Clients have to know
// the token, and may share memory. Check has succeeded for the service. It panics for a name that is none of Services.
func (h *Host) NewServer(l link.Listener, name string, token uint64) Server {
	cfg := service.ServerConfig{
		Supported:            local.Profiles,
		AuthToken:            token,
		MaxResponsePayload:   ResponseLimit,
		StartResponsePayload: responseStart,
		Logger:               h.log,
	}
	switch name {
	case cgroupsnapshot.ServiceName:
		if h.interval == OnRequest {
			return cgroupsnapshot.NewServer(l, cfg, h.snapshots.Anew())
		}
		return cgroupsnapshot.NewServer(l, cfg, h.snapshots.Newest())
	case cgrouplookup.ServiceName:
		return cgrouplookup.NewServer(l, cfg, h.lookups.Cgroups)
	case applookup.ServiceName:
		return applookup.NewServer(l, cfg, h.lookups.Processes)
	}
	panic(fmt.Sprintf("hostprovider: no service %q", name))
}
