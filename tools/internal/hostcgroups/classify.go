package hostcgroups

import "strings"

// Classify says what the path of a cgroup says by itself: what it stands for,
// its name, and whether it is worth a chart (Cgroup.Enabled). It reads nothing
// and works for a path of any host, whatever bytes it holds. Names that only a runtime knows are those List gives.
func Classify(path string) (kind Kind, name string, enabled bool) {
	c := classify(path)
	return c.kind, c.fullName(c.name), !c.group
}

// source says whose runtime state may know a better name.
type source uint8

const (
	sourceNone    source = 0
	sourceDocker  source = 1
	sourcePodman  source = 2
	sourceKube    source = 3 // containerd, CRI-O or docker
	sourceMachine source = 4 // systemd-machined
	sourceLibvirt source = 5
	sourceGuess   source = 6 // 64 hexadecimal digits: perhaps docker's, below a parent of the user's choice
)

// class is what a path says about the innermost thing in it that is known.
type class struct {
	kind   Kind
	group  bool   // only groups others, or parts one up
	source source // where id may be looked up
	id     string // a container's id, a machine's name, a domain's number
	pod    string // the pod's uid
	name   string // of that innermost thing, when nobody is asked
	inner  string // what follows it: "/worker"

	// For labels; empty where they do not apply.
	unit, slice string // of the system's manager
	userUnit    string // of a user's manager
	ofUser      bool   // in a subtree that is a user's own
	podUID, qos string
	containerID string
	machine     string // the name that a machine, or a container of lxc, has in the path
}

// fullName is the name of the cgroup, given that of the innermost known thing.
func (c class) fullName(base string) string {
	if base == "" {
		base = "/"
	}
	return printable(base + c.inner)
}

// pathName is the name of a cgroup that nothing else is known about.
func pathName(path string) string {
	if len(path) > 1 && path[0] == '/' {
		path = path[1:]
	}
	if path == "" {
		path = "/"
	}
	return printable(path)
}

func classify(path string) class {
	var s scan
	var known class
	end := 0 // of known in path; 0: nothing known
	for at := 0; at < len(path); {
		if path[at] == '/' {
			at++
			continue
		}
		next := len(path)
		if i := strings.IndexByte(path[at:], '/'); i >= 0 {
			next = at + i
		}
		part := path[at:next]
		c, ok := s.container(part)
		if !ok {
			c, ok = s.unit(part)
		}
		if ok {
			known, end = c, next
		}
		if ok && c.kind.box() {
			break // what is below is the container's own business
		}
		s.parent, s.depth = part, s.depth+1
		at = next
	}
	known.inner = path[end:]
	s.tell(&known)
	switch {
	case end == 0, known.inner != "" && (known.kind == KindSlice || known.kind == KindGroup):
		c := class{name: strings.TrimPrefix(path, "/")}
		s.tell(&c)
		if isID(s.parent) && !s.user && s.depth > 0 && strings.HasSuffix(path, s.parent) {
			c.source, c.id = sourceGuess, s.parent
		}
		return c
	case known.kind == KindGroup:
		known.name = strings.TrimPrefix(path, "/") // which is all it is: a place
	case known.inner != "":
		known.group = known.kind == KindVM && isVMPart(known.inner)
	}
	return known
}

// tell puts into c what the whole path has said.
func (s *scan) tell(c *class) {
	c.unit, c.slice, c.userUnit, c.ofUser = s.systemUnit, s.slice, s.userUnit, s.user
	if c.kind == KindPod || c.kind == KindContainer {
		c.podUID, c.qos = s.pod, s.qos
	}
}

// isVMPart reports whether libvirt made the innermost directory for some threads of a machine.
func isVMPart(inner string) bool {
	last := inner[strings.LastIndexByte(inner, '/')+1:]
	for _, p := range []string{"vcpu", "iothread"} {
		if n, ok := strings.CutPrefix(last, p); ok && isDigits(n) {
			return true
		}
	}
	return last == "emulator"
}

// scan is what the components so far have said.
type scan struct {
	depth  int
	parent string // the component before
	first  string // the unit or manager that owns what follows, as a prefix of names: "user@1000/"
	user   bool   // in somebody's own subtree, who may call a directory as he likes
	inUnit bool   // below a unit that is no slice: names of units mean nothing here
	kube   bool   // below kubepods
	pod    string // uid of the pod, once known
	qos    string // of the pod
	root   string // the first component

	slice, systemUnit, userUnit string // the innermost of each
}

// unit recognises systemd's names, and the directories that container managers group by.
func (s *scan) unit(part string) (class, bool) {
	if s.depth == 0 {
		s.root = part
		s.user = part == "user.slice"
		switch part {
		case "docker", "lxc", "lxc.payload", "lxc.monitor", "lxc.pivot", "libpod_parent", "machine", "libvirt":
			return class{kind: KindGroup, group: true, name: part}, true
		}
	}
	if s.depth == 1 && s.root == "libvirt" && (part == "qemu" || part == "lxc") {
		return class{kind: KindGroup, group: true, name: part}, true
	}
	kind := unitKind(part)
	if kind == KindUnknown || s.inUnit {
		return class{}, false
	}
	name := s.first + unitName(part)
	switch {
	case kind == KindSlice:
		if s.first == "" {
			s.slice = part
		}
		return class{kind: kind, group: true, name: name}, true
	case kind == KindService && s.first == "" && strings.HasPrefix(part, "user@"):
		s.user = true // a manager: its units are units
	default:
		s.inUnit = true
	}
	if s.first == "" {
		s.systemUnit = part
	} else {
		s.userUnit = part
	}
	s.first = name + "/"
	return class{kind: kind, name: name}, true
}

// unitKind tells units by their suffix; KindUnknown for other names.
func unitKind(part string) Kind {
	dot := strings.LastIndexByte(part, '.')
	if dot <= 0 {
		return KindUnknown
	}
	switch part[dot:] {
	case ".service":
		return KindService
	case ".scope":
		return KindScope
	case ".slice":
		return KindSlice
	case ".mount", ".socket", ".swap":
		return KindUnit
	default:
		return KindUnknown
	}
}

// unitName is the unit as people say it. Services lose their suffix, as deployed
// providers have it; so do login sessions; other units keep theirs, so that a
// service and its socket differ.
func unitName(unit string) string {
	if stem, ok := strings.CutSuffix(unit, ".service"); ok {
		return unescape(stem)
	}
	if stem, ok := strings.CutSuffix(unit, ".scope"); ok && strings.HasPrefix(stem, "session-") {
		return unescape(stem)
	}
	return unescape(unit)
}
