package hostcgroups

import "strings"

// container recognises what container managers and machine managers make, in
// the form that systemd drivers give it (docker-ID.scope) and that of cgroupfs drivers (docker/ID).
func (s *scan) container(part string) (class, bool) {
	if c, ok := s.kubernetes(part); ok {
		return c, true
	}
	stem := strings.TrimSuffix(part, ".scope")
	if id, ok := strings.CutPrefix(stem, "docker-"); ok && isID(id) {
		return s.byID(KindDocker, sourceDocker, "docker-", id), true
	}
	if isID(part) && s.parent == "docker" {
		return s.byID(KindDocker, sourceDocker, "docker-", part), true
	}
	if id, ok := strings.CutPrefix(stem, "libpod-conmon-"); ok && isID(id) {
		c := s.byID(KindPodman, sourcePodman, "podman-", id)
		c.monitor()
		return c, true
	}
	if id, ok := strings.CutPrefix(stem, "libpod-"); ok {
		if id = strings.TrimPrefix(id, "payload-"); isID(id) {
			return s.byID(KindPodman, sourcePodman, "podman-", id), true
		}
	}
	return s.machine(part)
}

// kubernetes recognises pods and their containers, and notes being below kubepods.
func (s *scan) kubernetes(part string) (class, bool) {
	if part == "kubepods" {
		s.kube = true
		return class{kind: KindGroup, group: true, name: part}, true
	}
	if pod, ok := kubeSlice(part); ok {
		s.kube = true
		s.noteQoS(part)
		if pod == "" {
			return class{kind: KindSlice, group: true, name: s.first + unitName(part)}, true
		}
		return s.podOf(pod), true
	}
	if s.kube && s.pod == "" {
		if isQoS(part) && s.parent == "kubepods" {
			s.qos = part
			return class{kind: KindGroup, group: true, name: part}, true
		}
		if uid, ok := strings.CutPrefix(part, "pod"); ok && uid != "" {
			return s.podOf(uid), true
		}
	}
	stem := strings.TrimSuffix(part, ".scope")
	// A containerd whose cgroup driver is not the kubelet's makes one directory of all three: SLICE:cri-containerd:ID.
	if slice, rest, ok := strings.Cut(part, ":"); ok {
		if id, ok := strings.CutPrefix(rest, "cri-containerd:"); ok && isID(id) {
			if pod, ok := kubeSlice(slice); ok {
				s.noteQoS(slice)
				s.notePod(pod)
			}
			return s.kubeContainer(id), true
		}
	}
	for _, runtime := range []string{"cri-containerd-", "crio-conmon-", "crio-"} {
		if id, ok := strings.CutPrefix(stem, runtime); ok && isID(id) {
			c := s.kubeContainer(id)
			if runtime == "crio-conmon-" {
				c.monitor()
			}
			return c, true
		}
	}
	if id := strings.TrimPrefix(stem, "docker-"); s.pod != "" && isID(id) {
		return s.kubeContainer(id), true
	}
	return class{}, false
}

// monitor makes c the class of the process that watches over a container, not of the container.
func (c *class) monitor() {
	c.name += "/conmon"
	c.source, c.id = sourceNone, ""
}

// noteQoS remembers the class of service that the name of a slice tells.
func (s *scan) noteQoS(slice string) {
	for _, qos := range []string{"burstable", "besteffort"} {
		if strings.Contains(slice, "kubepods-"+qos) {
			s.qos = qos
		}
	}
}

// notePod remembers the pod that what follows belongs to. One that is in no class's own group is guaranteed what it asks for.
func (s *scan) notePod(uid string) {
	s.pod = kubeUID(uid)
	if s.qos == "" {
		s.qos = "guaranteed"
	}
}

func (s *scan) podOf(uid string) class {
	s.notePod(uid)
	c := class{kind: KindPod, group: true, name: s.first + "pod_" + s.pod}
	if !s.user {
		c.pod, c.name = s.pod, "pod_"+s.pod
	}
	return c
}

func (s *scan) kubeContainer(id string) class {
	if s.pod == "" {
		return s.byID(KindContainer, sourceKube, "cntr_", id)
	}
	return s.byID(KindContainer, sourceKube, "cntr_"+s.pod+"_", id)
}

// byID names a container by the start of its id, as its runtime's own lists do.
// In a subtree of the user's own nobody's state is asked: the directory may bear the id of another's container.
func (s *scan) byID(kind Kind, from source, prefix, id string) class {
	if s.user {
		return class{kind: kind, name: s.first + prefix + id[:shortID], containerID: id}
	}
	return class{kind: kind, source: from, id: id, name: prefix + id[:shortID], containerID: id}
}

// shortID is how much of an id a name shows.
const shortID = 12

// isID reports whether s is a container id: 64 lower-case hexadecimal digits.
func isID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// kubeSlice parses [ROOT-]kubepods[-QOS][-podUID].slice.
func kubeSlice(part string) (uid string, ok bool) {
	stem, ok := strings.CutSuffix(part, ".slice")
	if !ok {
		return "", false
	}
	if at := strings.LastIndex(stem, "-kubepods"); at >= 0 {
		stem = stem[at+1:]
	}
	rest, ok := strings.CutPrefix(stem, "kubepods")
	if !ok || rest == "" {
		return "", ok
	}
	rest, ok = strings.CutPrefix(rest, "-")
	if !ok {
		return "", false
	}
	if qos, after, more := strings.Cut(rest, "-"); isQoS(qos) {
		if !more {
			return "", true
		}
		rest = after
	}
	uid, ok = strings.CutPrefix(rest, "pod")
	return uid, ok && uid != ""
}

func isQoS(s string) bool { return s == "burstable" || s == "besteffort" || s == "guaranteed" }

// kubeUID undoes what a slice's name did to the dashes of a pod's uid.
func kubeUID(s string) string { return strings.ReplaceAll(s, "_", "-") }
