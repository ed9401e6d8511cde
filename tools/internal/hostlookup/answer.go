package hostlookup

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

const (
	// generation is that of every answer; see the package comment.
	generation = 1
	// FewPIDs is up to how many pids of a request are read anew each.
	FewPIDs = 16
	// OnDemand is up to how many keys of a request that the table does not have are looked at one by one. For more the
	// table is made anew.
	OnDemand = 256
)

// Processes answers APPS_LOOKUP. It waits for the host to be read, if the table is too old or lacks many, and not
// beyond ctx. Errors: those of Source.Refresh and of the builder.
func (s *Source) Processes(ctx context.Context, req applookup.RequestView, out *applookup.Builder) error {
	out.SetGeneration(generation)
	if req.Len() == 0 {
		return out.Err()
	}
	t, err := s.Fresh(ctx)
	if err != nil {
		return err
	}
	few, missing := req.Len() <= FewPIDs, 0
	for _, pid := range req.All() {
		if out.Full() {
			break
		}
		if it, ok := t.Process(pid); ok && !few {
			if err := out.Add(*it); err != nil {
				return err
			}
			continue
		}
		if missing++; missing == OnDemand+1 {
			if t, err = s.Refresh(ctx); err != nil {
				return err
			}
		}
		if err := s.missingProcess(ctx, t, pid, missing > OnDemand, out); err != nil {
			return err
		}
	}
	return out.Err()
}

// missingProcess answers a pid that is not to be answered from the table, or was not in it. fresh says that the
// table has been made since.
func (s *Source) missingProcess(ctx context.Context, t *Table, pid uint32, fresh bool, out *applookup.Builder) error {
	if fresh {
		if it, ok := t.Process(pid); ok {
			return out.Add(*it)
		}
		return out.Unknown()
	}
	it, ok, err := s.process(ctx, t, pid)
	switch {
	case err != nil:
		return err
	case !ok:
		return out.Unknown()
	}
	return out.Add(it)
}

// process reads one process now.
func (s *Source) process(ctx context.Context, t *Table, pid uint32) (it applookup.Item, ok bool, err error) {
	b := s.readers.Get().(*builder)
	defer s.readers.Put(b)
	p, ok, err := b.procs.Read(pid)
	if err != nil || !ok {
		return it, false, err
	}
	it, err = b.join(ctx, t, p, hierarchyOf(t.hierarchy), string(p.Comm))
	return it, err == nil, err
}

// Cgroups answers CGROUPS_LOOKUP. It waits for the host to be read, if the table is too old or lacks many, and not
// beyond ctx. Errors: those of Source.Refresh and of the builder.
func (s *Source) Cgroups(ctx context.Context, req cgrouplookup.RequestView, out *cgrouplookup.Builder) error {
	out.SetGeneration(generation)
	if req.Len() == 0 {
		return out.Err()
	}
	t, err := s.Fresh(ctx)
	if err != nil {
		return err
	}
	missing := 0
	for _, key := range req.All() {
		if out.Full() {
			break
		}
		if it, ok := t.Cgroup(key.Bytes()); ok {
			if err := out.Add(*it); err != nil {
				return err
			}
			continue
		}
		if missing++; missing == OnDemand+1 {
			if t, err = s.Refresh(ctx); err != nil {
				return err
			}
		}
		if err := s.missingCgroup(ctx, t, key.String(), missing > OnDemand, out); err != nil {
			return err
		}
	}
	return out.Err()
}

// missingCgroup answers a path that was not in the table. fresh says that the table has been made since.
func (s *Source) missingCgroup(ctx context.Context, t *Table, path string, fresh bool, out *cgrouplookup.Builder) error {
	if fresh {
		if it, ok := t.Cgroup([]byte(path)); ok {
			return out.Add(*it)
		}
	}
	if inside, ok := t.hierarchy.Path(path); ok {
		path = inside
	}
	switch {
	case !hostcgroups.IsPath(path), t.gone[path]:
		return out.Unknown(cgrouplookup.StatusUnknownPermanent)
	case fresh:
		return out.Unknown(cgrouplookup.StatusUnknownRetryLater)
	}
	b := s.readers.Get().(*builder)
	defer s.readers.Put(b)
	switch c, err := b.cgroup(ctx, t, path); {
	case err != nil:
		return err
	case c != nil:
		return out.Add(c.answer)
	}
	return out.Unknown(cgrouplookup.StatusUnknownRetryLater)
}
