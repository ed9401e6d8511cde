package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

const (
	snapshotService      = cgroupsnapshot.ServiceName
	cgroupsLookupService = cgrouplookup.ServiceName
	appsLookupService    = applookup.ServiceName
)

// discard is the log of what nobody wants to read about.
var discard = slog.New(slog.DiscardHandler)

// resolveRunDir returns the run directory: that of the flag, else the default.
func (a *app) resolveRunDir() (string, error) {
	if a.runDir != "" {
		return a.runDir, nil
	}
	dir, err := local.DefaultRunDir()
	if err != nil {
		return "", fmt.Errorf("%w, or give --run-dir", err)
	}
	return dir, nil
}

// newDialer returns a dialer for a service, and how to configure its client.
func (a *app) newDialer(runDir, name string, profile wire.Profile, timeout time.Duration) (link.Dialer, service.Config, error) {
	token, err := a.authToken()
	if err != nil {
		return nil, service.Config{}, err
	}
	d, err := local.NewDialer(runDir, name)
	if err != nil {
		return nil, service.Config{}, dialerError(err)
	}
	return d, service.Config{
		Proposal:           link.Proposal{Supported: profile, AuthToken: token},
		MaxResponsePayload: hostprovider.ResponseLimit,
		Timeout:            timeout,
	}, nil
}

// dialerError says so if this system has no transport.
func dialerError(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return unavailable(err)
	}
	return err
}

// connectError says what to do about a provider that cannot be reached.
func connectError(err error, endpoint string) error {
	var refused *link.RefusedError
	switch {
	case errors.Is(err, link.ErrNotFound):
		return unavailable(fmt.Errorf("no provider at %s: start one with `netipc serve`, or give --run-dir", endpoint))
	case errors.As(err, &refused) && refused.Status == wire.StatusAuthFailed:
		if uid := os.Geteuid(); uid > 0 {
			err = fmt.Errorf("%w: the provider does not serve uid %d (`netipc serve --allow-uid %d` would), or", err, uid, uid)
		} else {
			err = fmt.Errorf("%w: the provider", err)
		}
		return unavailable(fmt.Errorf("%w wants another auth token (--auth-token-file)", err))
	case errors.As(err, &refused) && refused.Status == wire.StatusUnsupported:
		return unavailable(fmt.Errorf("%w: the provider does not have this profile: try --profile any", err))
	case errors.Is(err, posix.ErrCannotAttach):
		return unavailable(fmt.Errorf("%w: try --profile any, or give --run-dir as the provider has it", err))
	case errors.As(err, &refused) && refused.Status == wire.StatusInternalError:
		return unavailable(fmt.Errorf("%w: the provider has no room for now: try again", err))
	case errors.As(err, &refused), errors.Is(err, fs.ErrPermission):
		return unavailable(fmt.Errorf("%w, or give --run-dir", err))
	}
	return callError(badRunDir(err))
}

// callError says so if it is a provider's silence that has made a call fail.
func callError(err error) error {
	switch {
	case errors.Is(err, link.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return unavailable(fmt.Errorf("no answer in time: %w", err))
	case errors.Is(err, link.ErrNotFound):
		return unavailable(fmt.Errorf("the provider has gone: %w", err))
	}
	return err
}

// badRunDir says what to do about an error that the run directory has caused.
func badRunDir(err error) error {
	for _, of := range []error{syscall.ENOTDIR, syscall.EROFS, syscall.ELOOP, syscall.ENAMETOOLONG, fs.ErrPermission} {
		if errors.Is(err, of) {
			return fmt.Errorf("%w: give another run directory with --run-dir", err)
		}
	}
	return err
}
