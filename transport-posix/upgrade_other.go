//go:build !linux

package posix

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// offered are the profiles that this transport can do.
const offered = wire.ProfileBaseline

var errNoSharedMemory = fmt.Errorf("shared memory is only on linux, not on %s: %w", runtime.GOOS, errors.ErrUnsupported)

// region is never made here, because nobody offers it.
type region struct{}

func (in *incoming) prepare(*wire.HelloAck) (*region, error) { return nil, errNoSharedMemory }

func (r *region) serve(c *conn, info link.Info) link.Conn { return link.NewServerSession(c, info) }

func (r *region) drop() {}

func (d *Dialer) attach(_ context.Context, c *conn, _ link.Info) (link.Conn, error) {
	c.Close()
	return nil, fmt.Errorf("%w: %w", ErrCannotAttach, errNoSharedMemory)
}

func (p *place) sweep(Config) {}
