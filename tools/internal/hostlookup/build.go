package hostlookup

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprocs"
)

// maxGone bounds how many containers are remembered that are no more.
const maxGone = 1 << 14

// builder makes tables. It serves one goroutine at a time.
type builder struct {
	log    *slog.Logger
	lister *hostcgroups.Lister
	procs  *hostprocs.Reader
	rows   []hostcgroups.Cgroup // scratch
}

// build makes the table that follows prev, which may be nil. What says the same is taken from there.
func (b *builder) build(ctx context.Context, prev *Table) (*Table, error) {
	t := &Table{started: time.Now(), number: 1}
	if prev != nil {
		t.number = prev.number + 1
	} else {
		prev = &Table{}
	}
	// Cgroups last: what a process is in was then made before it was listed.
	raw, err := b.walk(ctx, t, prev)
	if err != nil {
		return nil, err
	}
	if err := b.list(ctx, t, prev); err != nil {
		return nil, err
	}
	t.items = make([]applookup.Item, len(raw))
	w := hierarchyOf(t.hierarchy)
	for i := range raw {
		p := &raw[i]
		it, err := b.join(ctx, t, &p.Process, w, p.comm)
		if err != nil {
			return nil, err
		}
		t.items[i] = it
		t.pids.put(p.PID, i)
	}
	t.cost = time.Since(t.started)
	return t, nil
}

// process is one whose strings are its own.
type process struct {
	hostprocs.Process
	comm string
}

// walk reads all processes.
func (b *builder) walk(ctx context.Context, t, prev *Table) (all []process, err error) {
	all = make([]process, 0, len(prev.items)+16)
	// Processes have few cgroups and fewer names: each text is kept once.
	texts := make(map[string][]byte, len(prev.cgroups)+16)
	seen := make(map[uint32]bool, len(prev.items)+16)
	t.procs, err = b.procs.Walk(ctx, func(p *hostprocs.Process) {
		if seen[p.PID] {
			return // listed twice: its number was used again while the directory was read
		}
		seen[p.PID] = true
		own := process{Process: *p}
		if old, ok := prev.Process(p.PID); ok && old.Comm == string(p.Comm) {
			own.comm = old.Comm
		} else {
			own.comm = string(p.Comm)
		}
		own.Comm = nil
		if p.Cgroups != nil {
			text, ok := texts[string(p.Cgroups)]
			if !ok {
				text = append([]byte{}, p.Cgroups...)
				texts[string(text)] = text
			}
			own.Cgroups = text
		}
		all = append(all, own)
	})
	return all, err
}

// list lists all cgroups.
func (b *builder) list(ctx context.Context, t, prev *Table) (err error) {
	b.rows, t.listing, err = b.lister.List(ctx, b.rows[:0])
	if err != nil {
		return err
	}
	t.hierarchy, t.systemd = t.listing.Identity, t.listing.Systemd
	t.cgroups = make(map[string]*cgroup, len(b.rows))
	t.full = make(map[string]*cgroup, len(b.rows))
	for _, row := range b.rows {
		c := prev.cgroups[row.Path]
		if c == nil || !c.says(row) {
			c = prepare(row, b.lister.Facts(row))
		}
		t.cgroups[row.Path], t.full[row.FullPath] = c, c
	}
	t.gone = goneSince(t, prev)
	return nil
}

// goneSince returns the paths with an id that are no more. A listing that does not see everything proves nothing.
func goneSince(t, prev *Table) map[string]bool {
	r := t.listing
	if r.Truncated || r.Denied > 0 || r.TooLong > 0 || !sameHierarchy(t.hierarchy, prev.hierarchy) {
		return prev.gone
	}
	gone := prev.gone
	for path := range prev.cgroups {
		if t.cgroups[path] != nil || !hostcgroups.HasID(path) {
			continue
		}
		if len(gone) >= maxGone {
			gone = nil // those of long ago will hardly be asked for
		}
		if len(gone) == len(prev.gone) {
			if gone = maps.Clone(gone); gone == nil {
				gone = map[string]bool{}
			}
		}
		gone[path] = true
	}
	return gone
}

func sameHierarchy(a, b hostcgroups.Hierarchy) bool {
	return a.Version == b.Version && a.Name == b.Name && a.Mountpoint == b.Mountpoint && a.Root == b.Root
}

// hierarchyOf names a hierarchy as /proc/PID/cgroup does.
func hierarchyOf(h hostcgroups.Hierarchy) hostprocs.Hierarchy {
	return hostprocs.Hierarchy{V2: h.Version == 2, Name: h.Name, Controllers: h.Controllers}
}

// join makes the item of a process. Its cgroup is that of the table, or is looked at if it is not there.
func (b *builder) join(ctx context.Context, t *Table, p *hostprocs.Process, w hostprocs.Hierarchy, comm string) (applookup.Item, error) {
	unknown := func(s applookup.CgroupStatus, path string) applookup.Item {
		return fill(applookup.Item{CgroupStatus: s, CgroupPath: path}, p, comm)
	}
	if t.hierarchy.Version == 0 {
		return unknown(applookup.CgroupStatusHostRoot, ""), nil
	}
	text, ok := hostprocs.CgroupPath(p.Cgroups, w)
	switch {
	case !ok:
		return unknown(applookup.CgroupStatusUnknownRetryLater, ""), nil
	case len(text) == 1 && p.Exiting:
		return unknown(applookup.CgroupStatusUnknownRetryLater, ""), nil // it was somewhere else, perhaps
	case len(text) == 1:
		return unknown(applookup.CgroupStatusHostRoot, ""), nil
	}
	c := t.cgroups[string(text)]
	if c != nil {
		return c.item(p, comm), nil
	}
	path := string(text)
	if cut, ok := hostprocs.CutDeleted(path); ok {
		path = cut
	}
	c, err := b.cgroup(ctx, t, path)
	switch {
	case err != nil:
		return applookup.Item{}, err
	case c != nil:
		return c.item(p, comm), nil
	case !hostcgroups.IsPath(path), hostcgroups.HasID(path):
		return unknown(applookup.CgroupStatusUnknownPermanent, path), nil
	}
	return unknown(applookup.CgroupStatusUnknownRetryLater, path), nil
}

// cgroup looks at one cgroup that may not be in the table. It returns nil if there is none.
func (b *builder) cgroup(ctx context.Context, t *Table, path string) (*cgroup, error) {
	if c := t.cgroups[path]; c != nil {
		return c, nil
	}
	row, ok, err := b.lister.Resolve(ctx, t.hierarchy, path)
	if err != nil || !ok {
		return nil, err
	}
	return prepare(row, b.lister.Facts(row)), nil
}
