package local

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	windows "github.com/plugin-ipc/netipc/transport-windows"
)

const hasRunDirs = false

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
