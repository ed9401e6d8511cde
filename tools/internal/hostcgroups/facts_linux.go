package hostcgroups

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Facts returns what is known about a row beside its name. It reads nothing: it is what the last listing, or
// Resolve, has read.
func (l *Lister) Facts(row Cgroup) Facts { return l.state.facts(row.Path, time.Now()) }

func (s *state) facts(path string, now time.Time) Facts {
	c := classify(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	f := Facts{Labels: c.labels(), Settled: true}
	var told []Label
	switch {
	case c.kind == KindPod && c.pod != "":
		e := s.known[key{sourcePod, c.pod}]
		if f.Settled = e != nil && e.settled(now); e != nil {
			told = e.labels
		}
	case c.source == sourceNone:
	default:
		f.Settled = s.settled(c, now)
		told = s.told(c)
	}
	if len(told) > 0 {
		f.Labels = mergeLabels(f.Labels, told)
	}
	return f
}

// told returns the labels that a runtime has told.
func (s *state) told(c class) []Label {
	switch c.source {
	case sourcePodman:
		who, _ := s.podman.find(c.id)
		return who.labels
	case sourceLibvirt:
		if name, ok := s.libvirt.find(c.id); ok {
			return addLabel(nil, labelMachineName, name)
		}
		return nil
	}
	e := s.known[key{c.source, c.id}]
	if e == nil {
		return nil
	}
	if c.source == sourceGuess && e.ok {
		return append([]Label{{labelContainerID, c.id}}, e.labels...)
	}
	return e.labels
}

// Resolve returns the row of one path, as listings have it, if there is such a cgroup now in the hierarchy h; two
// rows that do not come from one listing may have the same name. Errors: the cause of ctx; what the system says,
// but for permissions.
func (l *Lister) Resolve(ctx context.Context, h Hierarchy, path string) (row Cgroup, ok bool, err error) {
	below, ok := h.below(path)
	if !ok || !IsPath(path) {
		return Cgroup{}, false, nil
	}
	dir := h.dir() + below
	st, err := stat(unix.AT_FDCWD, l.cfg.under(dir))
	switch {
	case isGone(err), isDenied(err), isTooLong(err):
		return Cgroup{}, false, nil
	case err != nil:
		return Cgroup{}, false, err
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return Cgroup{}, false, nil
	}
	rows := []Cgroup{{Path: path, FullPath: dir}}
	if err := l.state.name(ctx, rows, time.Now()); err != nil {
		return Cgroup{}, false, err
	}
	return rows[0], true, nil
}

// below is the inverse of path.
func (h Hierarchy) below(path string) (string, bool) {
	if h.Root == "/" || h.path("") == "" {
		return path, h.Version != 0
	}
	below, ok := strings.CutPrefix(path, h.Root)
	return below, ok && h.Version != 0 && strings.HasPrefix(below, "/")
}

// labels are what the path says.
func (c class) labels() (all []Label) {
	switch {
	case c.kind == KindPod || c.kind == KindContainer:
		all = addLabel(all, labelPodUID, c.podUID)
		all = addLabel(all, labelQoS, c.qos)
	case !c.kind.box():
		all = addLabel(all, labelSlice, c.slice)
	}
	if !c.kind.box() || c.userUnit != "" || c.ofUser {
		all = addLabel(all, labelUnit, c.unit)
		all = addLabel(all, labelUserUnit, c.userUnit)
	}
	all = addLabel(all, labelContainerID, c.containerID)
	key := labelMachineName
	if c.kind == KindLXC {
		key = labelContainerName
	}
	return addLabel(all, key, c.machine)
}

// mergeLabels is the labels of the path and those of a runtime, which knows better.
func mergeLabels(path, runtime []Label) []Label {
	all := make([]Label, 0, len(path)+len(runtime))
	for _, l := range path {
		if !slices.ContainsFunc(runtime, func(r Label) bool { return r.Key == l.Key }) {
			all = append(all, l)
		}
	}
	return append(all, runtime...)
}
