package local

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Profiles are those that this operating system has: for service.Config's Proposal.Supported and
// service.ServerConfig.Supported, to have shared memory where both sides want it. Unless named there, only the
// baseline is used.
const Profiles wire.Profile = profiles

// NewDialer returns a dialer for a service in a run directory, which is taken verbatim; see DefaultRunDir. It
// does no I/O, and the service need not be there. Errors: link.ErrBadServiceName; errors.ErrUnsupported on
// systems that this version has no transport for; what the transport says of the path.
func NewDialer(runDir, service string) (link.Dialer, error) { return newDialer(runDir, service) }

// Listen begins to offer a service in a run directory, which is taken verbatim and has to exist. Whoever runs
// as the same user, and root, may connect. What a crashed predecessor left is removed. Errors:
// link.ErrAddrInUse when a live server has the service; those of NewDialer; what the system says.
func Listen(ctx context.Context, runDir, service string) (link.Listener, error) {
	return listen(ctx, runDir, service)
}
