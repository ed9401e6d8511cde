package hostlookup

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprocs"
)

const (
	// MaxAge is how old a table may be that a request is answered from, on a host that is quick to read.
	MaxAge = time.Second
	// slowness is how many times the time that reading takes a table may be older than that.
	slowness = 6
)

// Config says where to look. The zero value is this host.
type Config struct {
	// Root is put before every path that is opened. Empty: "/".
	Root string
}

// Source has the newest table. All methods may be called by any number of goroutines.
type Source struct {
	log    *slog.Logger
	lister *hostcgroups.Lister
	cfg    Config

	table   atomic.Pointer[Table]
	asked   atomic.Bool   // since Run looked
	started atomic.Uint64 // readings, the one under way included; written by who has the turn
	turn    chan struct{} // holds one token: who has it reads the host
	build   func(context.Context, *Table) (*Table, error)
	readers sync.Pool // of *builder, for what is read on demand
}

// NewSource returns a source that has read nothing yet. What changes for the worse is logged.
func NewSource(cfg Config, log *slog.Logger) *Source {
	s := &Source{log: log, lister: hostcgroups.New(hostcgroups.Config{Root: cfg.Root}), cfg: cfg, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	s.readers.New = func() any { return s.newBuilder() }
	s.build = s.newBuilder().build
	return s
}

func (s *Source) newBuilder() *builder {
	return &builder{log: s.log, lister: s.lister, procs: hostprocs.New(hostprocs.Config{Root: s.cfg.Root})}
}

// Get returns the newest table; nil if there is none yet. It waits for nothing.
func (s *Source) Get() *Table { return s.table.Load() }

// Fresh returns a table that is young enough to answer from, and makes one if there is none: see the package
// comment. It waits for that, and not beyond ctx. Errors: those of Refresh.
func (s *Source) Fresh(ctx context.Context) (*Table, error) {
	t := s.table.Load()
	if !s.asked.Load() {
		s.asked.Store(true)
	}
	if t != nil && t.Age() <= max(MaxAge, slowness*t.cost) {
		return t, nil
	}
	return s.Refresh(ctx)
}

// Refresh returns a table whose making began after the call; callers that wait share the next one. Errors: the
// cause of ctx, and those of hostprocs and hostcgroups; then the table stays what it was.
func (s *Source) Refresh(ctx context.Context) (*Table, error) {
	before := s.started.Load()
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	last := s.table.Load()
	if last != nil && last.number > before {
		return last, nil
	}
	t, err := s.build(ctx, last)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("cannot read processes and cgroups", "error", err)
		}
		return nil, err
	}
	t.number = s.started.Add(1)
	s.notice(t, last)
	s.table.Store(t)
	return t, nil
}

// Run makes tables until ctx ends, as long as somebody asks. It spends at most a quarter of the time on that.
func (s *Source) Run(ctx context.Context) {
	pause := time.NewTimer(s.pause())
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if s.asked.Swap(false) {
			_, _ = s.Refresh(ctx) // it has logged why not; who asks will hear it
		}
		pause.Reset(s.pause())
	}
}

// pause is how long Run rests between two tables, so that nobody who asks all the time finds one that is too old.
func (s *Source) pause() time.Duration {
	if t := s.table.Load(); t != nil {
		return max(MaxAge/2, slowness/2*t.cost)
	}
	return MaxAge / 2
}

// notice logs what is worse than it was.
func (s *Source) notice(t, last *Table) {
	if last == nil {
		last = &Table{}
		s.log.Debug("processes and cgroups", "processes", len(t.items), "cgroups", len(t.cgroups), "took", t.cost)
	}
	if t.procs.Denied > 0 && last.procs.Denied == 0 {
		s.log.Warn("some processes may not be read and are missing", "processes", t.procs.Denied)
	}
	if t.procs.Bad > 0 && last.procs.Bad == 0 {
		s.log.Warn("what /proc says about some processes cannot be understood, they are missing", "processes", t.procs.Bad)
	}
	if t.listing.Denied > 0 && last.listing.Denied == 0 {
		s.log.Warn("some cgroups cannot be read; what is in them is looked at when it is asked for", "directories", t.listing.Denied)
	}
}
