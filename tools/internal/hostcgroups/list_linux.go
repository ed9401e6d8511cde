package hostcgroups

import (
	"context"
	"os"
	"sync/atomic"
	"time"
)

// Lister makes listings. It remembers what runtimes said about their
// containers, so use one for all requests. Any number of goroutines may use it.
type Lister struct {
	cfg   Config
	state *state
	// settled is the key of the identity that last held anybody. It stays the
	// identity when it is empty for a while, rather than giving way to a lesser hierarchy.
	settled atomic.Pointer[string]
}

// New returns a Lister. Nothing is read before the first listing.
func New(cfg Config) *Lister {
	cfg = cfg.withDefaults()
	return &Lister{cfg: cfg, state: newState(cfg)}
}

// List appends a row for every cgroup of this host to rows, which may be nil or
// those of an earlier listing cut to length 0, and says how it went. It returns
// no rows with an error, and an error only if ctx ended or the system refused what it
// grants others too: the table of mounts, the root of the hierarchy, memory, descriptors.
func (l *Lister) List(ctx context.Context, rows []Cgroup) ([]Cgroup, Report, error) {
	var r Report
	if err := ctx.Err(); err != nil {
		return rows, r, err
	}
	info, err := os.Stat(l.cfg.under("/run/systemd/system"))
	r.Systemd = err == nil && info.IsDir()

	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	var settled string
	if p := l.settled.Load(); p != nil {
		settled = *p
	}
	found, populated, err := w.detect(ctx, l.cfg, settled)
	if key := found.Identity.key(); populated && key != settled {
		l.settled.Store(&key)
	}
	if err != nil || found.Identity.Version == 0 {
		return rows, r, err
	}
	r.Identity = found.Identity
	first := len(rows)
	rows, err = w.walk(ctx, r.Identity, l.cfg.under(r.Identity.Mountpoint), l.cfg.MaxCgroups, rows, &r)
	if err == nil {
		err = l.state.name(ctx, rows[first:], time.Now())
	}
	if err != nil {
		return rows[:first], r, err
	}
	r.Renamed = distinct(rows[first:], w.seen)
	return rows, r, nil
}
