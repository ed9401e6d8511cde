package hostprovider

import (
	"context"
	"log/slog"
	"slices"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/recompute"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

// Interval is the usual wait between two listings; OnRequest is for a source that lists when it is asked and not by
// itself.
const (
	Interval  = time.Second
	OnRequest = time.Duration(-1)
)

const (
	// duty is the share of time that listings may take; on a host with so many cgroups that it takes more, they
	// become rarer.
	duty = 0.1
	// stale is how old a listing may be that is still an answer, beyond the usual wait: what failed listings leave
	// is not served for ever.
	stale = time.Minute
)

// Source makes snapshots of the cgroups of this host, in the background, and has the newest one at hand in the form
// in which it is sent. All methods may be called by any number of goroutines.
type Source struct {
	log  *slog.Logger
	list listFunc
	r    *recompute.Recomputer[listing]

	// Of the run in progress.
	made []hostcgroups.Cgroup // rows of the last one
	said *hostcgroups.Report  // what notice has seen last
}

type listFunc func(context.Context, []hostcgroups.Cgroup) ([]hostcgroups.Cgroup, hostcgroups.Report, error)

// listing is what one walk of the hierarchy found. It is immutable.
type listing struct {
	rows   []hostcgroups.Cgroup
	report hostcgroups.Report
}

// NewSource returns a source that lists anew when that long has passed since the last listing. It has listed nothing
// before Start. What changes for the worse is logged.
func NewSource(cfg hostcgroups.Config, interval time.Duration, log *slog.Logger) *Source {
	return newSource(hostcgroups.New(cfg).List, interval, log)
}

func newSource(list listFunc, interval time.Duration, log *slog.Logger) *Source {
	s := &Source{log: log, list: list}
	s.r = recompute.New(recompute.Config[listing]{
		Name:     "list cgroups",
		Interval: interval,
		MaxDuty:  duty,
		MaxStale: stale + 10*max(interval, 0),
		Equal:    sameListing,
		Encode:   encode,
		OnEvent:  s.event,
	}, s.compute)
	return s
}

// Start makes the first listing, and says where the cgroups are and how many. Errors: the cause of ctx, and those of
// hostcgroups; nothing is left of the source then.
func (s *Source) Start(ctx context.Context) (hostcgroups.Report, int, error) {
	if err := s.r.Start(ctx); err != nil {
		return hostcgroups.Report{}, 0, err
	}
	first, _ := s.r.Get()
	return first.Value.report, len(first.Value.rows), nil
}

// Stop ends it, and waits for a listing in progress as long as ctx allows.
func (s *Source) Stop(ctx context.Context) error { return s.r.Stop(ctx) }

// Newest is a handler that answers with the newest snapshot, at once: no request waits for a listing.
func (s *Source) Newest() cgroupsnapshot.Handler { return cgroupsnapshot.Encoded(s.r.Encoded) }

// Anew is a handler that answers with a snapshot of a listing that was begun after the request had come. Requests
// that wait share the next one.
func (s *Source) Anew() cgroupsnapshot.Handler { return cgroupsnapshot.Encoded(s.anew) }

func (s *Source) anew(ctx context.Context) ([]byte, error) {
	snap, err := s.r.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	return snap.Encoded(), nil
}

// compute lists. The rows of the last listing are reused if they were not published.
func (s *Source) compute(ctx context.Context, prev *recompute.Snapshot[listing]) (listing, error) {
	if prev != nil && shareMemory(prev.Value.rows, s.made) {
		s.made = nil
	}
	rows, report, err := s.list(ctx, s.made[:0])
	s.made = rows
	if err != nil {
		return listing{}, err
	}
	s.notice(report)
	return listing{rows, report}, nil
}

func shareMemory(a, b []hostcgroups.Cgroup) bool {
	return cap(a) > 0 && cap(b) > 0 && &a[:1][0] == &b[:1][0]
}

// sameListing reports whether two listings make the same snapshot.
func sameListing(a, b listing) bool {
	return a.report.Systemd == b.report.Systemd && slices.Equal(a.rows, b.rows)
}

func encode(s *recompute.Snapshot[listing]) ([]byte, error) {
	out := payload.Snapshot{Items: make([]payload.Item, len(s.Value.rows))}
	if s.Value.report.Systemd {
		out.SystemdEnabled = 1
	}
	for i := range s.Value.rows {
		r := &s.Value.rows[i]
		enabled := uint32(0)
		if r.Enabled {
			enabled = 1
		}
		out.Items[i] = payload.Item{
			Hash: payload.HashName(r.Name), Options: r.Options(), Enabled: enabled, Name: r.Name, Path: r.FullPath,
		}
	}
	return cgroupsnapshot.Encode(out, s.Gen)
}

// event logs listings that have failed.
func (s *Source) event(_ context.Context, e recompute.Event) {
	if e.Kind == recompute.EventFail {
		s.log.Warn("cannot list cgroups", "error", e.Err)
	}
}

// notice logs what is different about a listing.
func (s *Source) notice(report hostcgroups.Report) {
	var old hostcgroups.Report
	if s.said != nil {
		old = *s.said
	}
	if id := report.Identity; id.Mountpoint != old.Identity.Mountpoint || id.Version != old.Identity.Version || s.said == nil {
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
	s.said = &report
}
