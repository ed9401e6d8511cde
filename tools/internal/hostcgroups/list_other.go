//go:build !linux

package hostcgroups

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Lister makes listings, where there is something to list.
type Lister struct{}

// New returns a Lister whose every listing fails.
func New(Config) *Lister { return &Lister{} }

// List fails with errors.ErrUnsupported: only Linux has cgroups.
func (*Lister) List(_ context.Context, rows []Cgroup) ([]Cgroup, Report, error) {
	return rows, Report{}, errOther()
}

// Facts knows nothing.
func (*Lister) Facts(Cgroup) Facts { return Facts{Settled: true} }

// Resolve fails with errors.ErrUnsupported: only Linux has cgroups.
func (*Lister) Resolve(context.Context, Hierarchy, string) (Cgroup, bool, error) {
	return Cgroup{}, false, errOther()
}

// Detect fails with errors.ErrUnsupported: only Linux has cgroups.
func Detect(Config) (Hierarchies, error) { return Hierarchies{}, errOther() }

func errOther() error {
	return fmt.Errorf("list cgroups: %s has none: %w", runtime.GOOS, errors.ErrUnsupported)
}
