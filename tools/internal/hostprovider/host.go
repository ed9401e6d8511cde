package hostprovider

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostlookup"
)

// Services are all that a host can be asked for, by name.
var Services = []string{cgroupsnapshot.ServiceName, cgrouplookup.ServiceName, applookup.ServiceName}

// Host is what the servers of this host answer from. Both lookups have one table.
type Host struct {
	log       *slog.Logger
	snapshots *Source
	lookups   *hostlookup.Source
}

// NewHost returns a host that nothing has been read of yet. What changes for the worse is logged.
func NewHost(log *slog.Logger) *Host {
	return &Host{log, NewSource(hostcgroups.Config{}, log), hostlookup.NewSource(hostlookup.Config{}, log)}
}

// Check reads once what a service answers with, so that the first client does not wait. Errors: those of
// hostcgroups and hostprocs, among others errors.ErrUnsupported where there is no such thing.
func (h *Host) Check(ctx context.Context, name string) error {
	if name == cgroupsnapshot.ServiceName {
		_, n, err := h.snapshots.Check(ctx)
		if err == nil {
			h.log.Debug("listed cgroups", "cgroups", n)
		}
		return err
	}
	if h.lookups.Get() != nil {
		return nil
	}
	_, err := h.lookups.Refresh(ctx)
	return err
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
// the token. It panics for a name that is none of Services.
func (h *Host) NewServer(l link.Listener, name string, token uint64) Server {
	cfg := service.ServerConfig{AuthToken: token, MaxResponsePayload: ResponseLimit, Logger: h.log}
	switch name {
	case cgroupsnapshot.ServiceName:
		return cgroupsnapshot.NewServer(l, cfg, h.snapshots.Answer)
	case cgrouplookup.ServiceName:
		return cgrouplookup.NewServer(l, cfg, h.lookups.Cgroups)
	case applookup.ServiceName:
		return applookup.NewServer(l, cfg, h.lookups.Processes)
	}
	panic(fmt.Sprintf("hostprovider: no service %q", name))
}
