//go:build !linux

package hostprocs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Reader reads processes, where there is something to read.
type Reader struct{}

// New returns a Reader that always fails.
func New(Config) *Reader { return &Reader{} }

// Walk fails with errors.ErrUnsupported: only Linux has such a /proc.
func (*Reader) Walk(context.Context, func(*Process)) (Report, error) { return Report{}, errOther() }

// Read fails with errors.ErrUnsupported: only Linux has such a /proc.
func (*Reader) Read(uint32) (*Process, bool, error) { return nil, false, errOther() }

// PIDs fails with errors.ErrUnsupported: only Linux has such a /proc.
func PIDs(Config) ([]uint32, error) { return nil, errOther() }

func errOther() error {
	return fmt.Errorf("list processes: %s has no /proc of this kind: %w", runtime.GOOS, errors.ErrUnsupported)
}
