package local

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	windows "github.com/plugin-ipc/netipc/transport-windows"
)

const (
	hasRunDirs = false
	profiles   = wire.Profile(0)
)

func newDialer(runDir, service string) (link.Dialer, error) {
	return nil, unsupported("dial", runDir, service)
}

func listen(_ context.Context, runDir, service string) (link.Listener, error) {
	return nil, unsupported("listen", runDir, service)
}

func unsupported(op, runDir, service string) error {
	pipe, err := windows.PipeName(runDir, service)
	if err != nil {
		return link.NewOpError(op, runDir, err)
	}
	return link.NewOpError(op, pipe, windows.ErrUnsupported)
}
