package hostprovider

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

// Source makes snapshots of the cgroups of this host. All methods may be called by any number of goroutines.
type Source struct {
	log  *slog.Logger
	list func(context.Context, []hostcgroups.Cgroup) ([]hostcgroups.Cgroup, hostcgroups.Report, error)

	turn    chan struct{} // holds one token: who has it lists
	started atomic.Uint64 // listings, the one under way included; written by who has the turn
	spare   []hostcgroups.Cgroup
	last    *listing
}

// listing is what one walk of the hierarchy found. It is immutable once it is Source.last.
type listing struct {
	rows       []hostcgroups.Cgroup
	report     hostcgroups.Report
	generation uint64
	number     uint64 // of the walk
}

// NewSource returns a source that has listed nothing yet. What changes for the worse is logged.
func NewSource(cfg hostcgroups.Config, log *slog.Logger) *Source {
	return newSource(hostcgroups.New(cfg).List, log)
}

func newSource(list func(context.Context, []hostcgroups.Cgroup) ([]hostcgroups.Cgroup, hostcgroups.Report, error), log *slog.Logger) *Source {
	s := &Source{log: log, list: list, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// Answer fills in a snapshot; it is the handler of the service. What it puts there was listed after it was
// called, by itself or by another call that waited as well. It waits for its turn to list and for the kernel, and
// not beyond ctx. Errors: the cause of ctx, and those of hostcgroups and of the builder.
func (s *Source) Answer(ctx context.Context, _ cgroupsnapshot.Request, out *cgroupsnapshot.Builder) error {
	l, err := s.current(ctx)
	if err != nil {
		return err
	}
	out.SetGeneration(l.generation)
	if l.report.Systemd {
		out.SetSystemdEnabled(1)
	}
	for i := range l.rows {
		r := &l.rows[i]
		enabled := uint32(0)
		if r.Enabled {
			enabled = 1
		}
		if err := out.Add(cgroupsnapshot.HashName(r.Name), r.Options(), enabled, r.Name, r.FullPath); err != nil {
			return err
		}
	}
	return nil
}

// Check lists once and says where the cgroups are and how many.
func (s *Source) Check(ctx context.Context) (hostcgroups.Report, int, error) {
	l, err := s.current(ctx)
	if err != nil {
		return hostcgroups.Report{}, 0, err
	}
	return l.report, len(l.rows), nil
}

// current returns a listing that was begun after the call. Callers that wait share the next one, so that any
// number of them cost two walks at most.
func (s *Source) current(ctx context.Context) (*listing, error) {
	before := s.started.Load()
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s.last != nil && s.last.number > before {
		return s.last, nil
	}
	number := s.started.Add(1)
	rows, report, err := s.list(ctx, s.spare[:0])
	if err != nil {
		s.log.Warn("cannot list cgroups", "error", err)
		return nil, err
	}
	s.notice(report)
	s.last = s.next(rows, report)
	s.last.number = number
	return s.last, nil
}

// next returns the listing that follows the last one: under the same generation, with the same rows, if nothing
// has changed.
func (s *Source) next(rows []hostcgroups.Cgroup, report hostcgroups.Report) *listing {
	switch {
	case s.last == nil:
		return &listing{rows: rows, report: report, generation: 1}
	case s.last.report.Systemd == report.Systemd && slices.Equal(s.last.rows, rows):
		s.spare = rows
		return &listing{rows: s.last.rows, report: report, generation: s.last.generation}
	}
	s.spare = nil // they are the listing now
	return &listing{rows: rows, report: report, generation: s.last.generation + 1}
}

// notice logs what is different about a listing.
func (s *Source) notice(report hostcgroups.Report) {
	var old hostcgroups.Report
	if s.last != nil {
		old = s.last.report
	}
	if id := report.Identity; id.Mountpoint != old.Identity.Mountpoint || id.Version != old.Identity.Version || s.last == nil {
		s.log.Info("cgroup hierarchy", "mountpoint", id.Mountpoint, "version", id.Version, "systemd", report.Systemd)
	}
	if report.Denied > 0 && old.Denied == 0 {
		s.log.Warn("some cgroups cannot be read and are missing", "directories", report.Denied)
	}
	if report.TooLong > 0 && old.TooLong == 0 {
		s.log.Warn("some cgroups have too long a path and are missing", "directories", report.TooLong)
	}
	if report.Truncated && !old.Truncated {
		s.log.Warn("there are more cgroups than a listing holds; the rest is missing")
	}
}
