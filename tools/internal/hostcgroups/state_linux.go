package hostcgroups

import (
	"context"
	"math"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// maxKnown bounds what is remembered, at some 300 bytes each.
	maxKnown = 1 << 15
	// recheckAfter is for how long a name that was read is believed without a look at its file: docker can rename.
	recheckAfter = 10 * time.Second
	// retryAfter is for how long a name that could not be read is not asked for again, the first time; it doubles up to 64 times that.
	retryAfter = time.Second
	// patience is for how long a name is expected of a runtime that has not told it. What is not known then will not be.
	patience = 10 * time.Second
)

// state remembers what runtimes said, so that a listing a second does not read
// a file a container. A container's last name is kept while its file is gone, as on its way out: ids do not come twice.
type state struct {
	cfg Config

	mu      sync.Mutex
	known   map[key]*entry
	round   uint64 // counts calls of name
	swept   uint64 // the round in which admit last looked for what can go
	podman  podmanIndex
	libvirt libvirtIndex
}

// sourcePod keys the names of pods, which are learned from their containers and never change.
const sourcePod source = 7

type key struct {
	from source
	id   string
}

type entry struct {
	identity
	ok     bool
	misses int       // since the file was last read
	first  time.Time // when it was first asked for
	vain   bool      // there is nothing that could still tell: no such runtime, or no right to read
	next   time.Time // not to be looked at before
	round  uint64    // of the last use
	file   string    // that identity is from
	stamp  stamp
}

func newState(cfg Config) *state {
	return &state{cfg: cfg, known: map[key]*entry{}}
}

// name completes rows that have paths.
func (s *state) name(ctx context.Context, rows []Cgroup, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.round++
	for i := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := classify(rows[i].Path)
		base, kind := c.name, c.kind
		if c.kind == KindPod && c.pod != "" {
			base = s.podName(c, rows[i:], now)
		} else if who, ok := s.ask(c, now); ok {
			base = who.name
			if who.kind != KindUnknown {
				kind = who.kind
			}
		}
		rows[i].Name, rows[i].Kind, rows[i].Enabled = c.fullName(base), kind, !c.group
	}
	return nil
}

// podName names the pod of the first of rows after what the runtime says about its containers, which follow it.
func (s *state) podName(c class, rows []Cgroup, now time.Time) string {
	k := key{sourcePod, c.pod}
	e := s.known[k]
	if e == nil {
		e = s.admit(k, now)
	}
	if e.round = s.round; e.ok {
		return e.name
	}
	asked, open := 0, false
	for _, row := range rows[1:] {
		if below, ok := strings.CutPrefix(row.Path, rows[0].Path); !ok || below[0] != '/' {
			break
		}
		child := classify(row.Path)
		if who, ok := s.ask(child, now); ok && who.pod != "" {
			e.ok, e.identity = true, identity{name: who.pod, labels: who.labels[:who.podLabels:who.podLabels]}
			return who.pod
		}
		if child.source != sourceNone {
			asked++
			open = open || !s.settled(child, now)
		}
	}
	e.vain = asked > 0 && !open
	return c.name
}

// ask returns what the runtime says about a container, if it says anything.
func (s *state) ask(c class, now time.Time) (identity, bool) {
	switch c.source {
	case sourceNone:
		return identity{}, false
	case sourcePodman:
		who, ok := s.podman.lookup(s.cfg, c.id, now)
		if !ok {
			s.await(c, now).vain = s.podman.empty()
		}
		return who, ok
	case sourceLibvirt:
		name, ok := s.libvirt.lookup(s.cfg, c.id, now)
		if !ok {
			s.await(c, now).vain = s.libvirt.empty()
			return identity{}, false
		}
		return identity{name: "qemu_" + name, labels: addLabel(nil, labelMachineName, name)}, true
	}
	k, e := key{c.source, c.id}, s.await(c, now)
	if !now.Before(e.next) {
		e.refresh(k, s.cfg, now)
	}
	return e.identity, e.ok
}

// await returns the place for what a runtime says about c, and notes that it was asked for.
func (s *state) await(c class, now time.Time) *entry {
	k := key{c.source, c.id}
	e := s.known[k]
	if e == nil {
		e = s.admit(k, now)
	}
	e.round = s.round
	return e
}

// settled reports whether the name of c will not change but by being changed: it is known, or will not be. It
// reads nothing.
func (s *state) settled(c class, now time.Time) bool {
	switch c.source {
	case sourceNone, sourceGuess:
		return true
	case sourcePodman:
		if _, ok := s.podman.find(c.id); ok {
			return true
		}
	case sourceLibvirt:
		if _, ok := s.libvirt.find(c.id); ok {
			return true
		}
	}
	e := s.known[key{c.source, c.id}]
	return e != nil && e.settled(now)
}

func (e *entry) settled(now time.Time) bool { return e.ok || e.vain || now.Sub(e.first) >= patience }

// admit makes a place for k; the ones that must go first are those not asked for lately.
func (s *state) admit(k key, now time.Time) *entry {
	if len(s.known) >= maxKnown && s.swept != s.round {
		s.swept = s.round
		for k, e := range s.known {
			if e.round+1 < s.round {
				delete(s.known, k)
			}
		}
	}
	for k := range s.known {
		if len(s.known) < maxKnown {
			break
		}
		delete(s.known, k)
	}
	e := &entry{first: now}
	// The id is part of a path, which would keep alive whatever it was cut from.
	s.known[key{k.from, strings.Clone(k.id)}] = e
	return e
}

// refresh reads the file again if it changed.
func (e *entry) refresh(k key, cfg Config, now time.Time) {
	e.vain = true
	for _, file := range k.files(cfg) {
		var old stamp
		if file == e.file {
			old = e.stamp
		}
		b, stamp, err := readState(file, old, maxStateFile)
		if err == errUnchanged {
			e.next, e.misses = now.Add(recheckAfter), 0
			return
		}
		if err != nil {
			e.vain = e.vain && !k.mayAppear(file, err)
			continue
		}
		e.vain = false
		if who, err := k.parse(file, b); err == nil {
			e.identity, e.ok, e.file, e.stamp = who, true, file, stamp
			e.next, e.misses = now.Add(recheckAfter), 0
			return
		}
	}
	e.next = now.Add(retryAfter << min(e.misses, 6))
	e.misses = min(e.misses+1, math.MaxInt8)
}

// mayAppear reports whether a file that could not be read may yet be written: its runtime keeps others there.
func (k key) mayAppear(file string, err error) bool {
	if !isGone(err) {
		return false
	}
	info, err := os.Stat(file[:strings.LastIndex(file, "/"+k.id)])
	return err == nil && info.IsDir()
}

// files are where the runtime may keep what it knows, the likeliest first. Ids were checked to be one component of a path.
func (k key) files(cfg Config) []string {
	switch k.from {
	case sourceDocker, sourceGuess:
		return []string{cfg.under("/var/lib/docker/containers/" + k.id + dockerFile)}
	case sourceKube:
		return []string{
			cfg.under("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + k.id + "/config.json"),
			cfg.under("/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" + k.id + "/config.json"),
			cfg.under("/run/containers/storage/overlay-containers/" + k.id + "/userdata/config.json"),
			cfg.under("/var/lib/containers/storage/overlay-containers/" + k.id + "/userdata/config.json"),
			cfg.under("/var/lib/docker/containers/" + k.id + dockerFile),
		}
	case sourceMachine:
		if isMachineName(k.id) {
			return []string{cfg.under("/run/systemd/machines/" + k.id)}
		}
	}
	return nil
}

const dockerFile = "/config.v2.json"

func (k key) parse(file string, b []byte) (identity, error) {
	switch {
	case k.from == sourceMachine:
		return parseMachine(k.id, b)
	case strings.HasSuffix(file, dockerFile):
		return parseDocker(b, k.from == sourceKube)
	default:
		return parseOCI(b)
	}
}
