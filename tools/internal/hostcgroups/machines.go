package hostcgroups

import "strings"

// machine recognises lxc, nspawn, and machines of libvirt and systemd-vmspawn.
func (s *scan) machine(part string) (class, bool) {
	if name, ok := strings.CutPrefix(part, "lxc.payload."); ok && name != "" {
		return s.named(KindLXC, "", name), true
	}
	if s.parent == "lxc.payload" || s.parent == "lxc" && s.depth == 1 {
		return s.named(KindLXC, "", part), true
	}
	if name, ok := strings.CutPrefix(part, "lxc.monitor."); ok && name != "" {
		return s.named(KindLXC, "", name+"/monitor"), true
	}
	if s.parent == "lxc.monitor" {
		return s.named(KindLXC, "", part+"/monitor"), true
	}
	if stem, ok := strings.CutSuffix(part, ".service"); ok {
		if name, ok := strings.CutPrefix(stem, "systemd-nspawn@"); ok && name != "" {
			return s.named(KindNspawn, "", unescape(name)), true
		}
		if name, ok := strings.CutPrefix(stem, "systemd-vmspawn@"); ok && name != "" {
			return s.named(KindVM, "", unescape(name)), true
		}
	}
	return s.registered(part)
}

// registered recognises machines that systemd-machined or libvirt's own cgroup code made a directory for.
func (s *scan) registered(part string) (class, bool) {
	if stem, ok := strings.CutSuffix(part, ".scope"); ok {
		name, ok := strings.CutPrefix(stem, "machine-")
		if !ok || name == "" {
			return class{}, false
		}
		name = unescape(name)
		if c, ok := s.domain(name); ok {
			return c, true
		}
		c := s.named(KindNspawn, "", name)
		if !s.user && strings.IndexByte(name, 0) < 0 { // of which there can be no file
			c.source, c.id = sourceMachine, name
		}
		return c, true
	}
	inMachine := s.parent == "machine" && s.depth == 1
	if name, ok := strings.CutSuffix(part, ".libvirt-qemu"); ok && name != "" && inMachine {
		if c, ok := s.domain(name); ok {
			return c, true
		}
		return s.named(KindVM, "qemu_", name), true
	}
	if name, ok := strings.CutSuffix(part, ".libvirt-lxc"); ok && name != "" && inMachine {
		if c, ok := s.domain(name); ok {
			return c, true
		}
		return s.named(KindLXC, "", name), true
	}
	if s.root == "libvirt" && s.depth == 2 && s.parent == "qemu" {
		return s.named(KindVM, "qemu_", part), true
	}
	if s.root == "libvirt" && s.depth == 2 && s.parent == "lxc" {
		return s.named(KindLXC, "", part), true
	}
	return class{}, false
}

// domain parses libvirt's names for machines: qemu-NUMBER-NAME and lxc-NUMBER-NAME.
// libvirt cuts NAME at 64 bytes and drops what a host name may not hold; the number leads to the whole name.
func (s *scan) domain(machine string) (class, bool) {
	driver, rest, _ := strings.Cut(machine, "-")
	number, name, _ := strings.Cut(rest, "-")
	if !isDigits(number) || name == "" {
		return class{}, false
	}
	switch driver {
	case "qemu":
		c := s.named(KindVM, "qemu_", name)
		if !s.user {
			c.source, c.id = sourceLibvirt, number
		}
		return c, true
	case "lxc":
		return s.named(KindLXC, "", name), true
	default:
		return class{}, false
	}
}

// named is a container whose name is in its path. One that runs inside a unit is named as that unit's.
func (s *scan) named(kind Kind, prefix, name string) class {
	return class{kind: kind, name: s.first + prefix + name, machine: strings.TrimSuffix(name, "/monitor")}
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
