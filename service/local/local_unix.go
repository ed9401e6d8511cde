//go:build linux || freebsd

package local

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/link"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

const (
	hasRunDirs = true
	profiles   = posix.Profiles
)

func newDialer(runDir, service string) (link.Dialer, error) {
	d, err := posix.NewDialer(posix.DialConfig{Config: posix.Config{RunDir: runDir, Service: service}})
	if err != nil {
		return nil, err // not d: a nil *posix.Dialer is no nil link.Dialer
	}
	return d, nil
}

func listen(ctx context.Context, runDir, service string) (link.Listener, error) {
	l, err := posix.Listen(ctx, posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: service}})
	if err != nil {
		return nil, err
	}
	return l, nil
}
