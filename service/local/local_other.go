//go:build !linux && !freebsd && !windows

package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

const (
	hasRunDirs = false
	profiles   = wire.Profile(0)
)

var errNoTransport = fmt.Errorf("netipc has no transport for %s: %w", runtime.GOOS, errors.ErrUnsupported)

func newDialer(_, service string) (link.Dialer, error) {
	return nil, link.NewOpError("dial", service, errNoTransport)
}

func listen(_ context.Context, _, service string) (link.Listener, error) {
	return nil, link.NewOpError("listen", service, errNoTransport)
}
