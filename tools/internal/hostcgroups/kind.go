package hostcgroups

import "strconv"

// Kind says what a cgroup stands for. A cgroup inside a container or machine has
// the kind of that container or machine.
type Kind uint8

const (
	KindUnknown   Kind = 0  // a directory nobody known made
	KindGroup     Kind = 1  // made by a container manager to hold others: /docker, /kubepods/burstable
	KindService   Kind = 2  // systemd service
	KindScope     Kind = 3  // systemd scope
	KindSlice     Kind = 4  // systemd slice
	KindUnit      Kind = 5  // any other systemd unit: mount, socket, swap
	KindDocker    Kind = 6  // docker container
	KindPodman    Kind = 7  // podman container or its monitor
	KindPod       Kind = 8  // Kubernetes pod
	KindContainer Kind = 9  // Kubernetes container
	KindLXC       Kind = 10 // lxc, lxd or libvirt-lxc container
	KindNspawn    Kind = 11 // systemd-nspawn machine
	KindVM        Kind = 12 // virtual machine of libvirt or systemd-vmspawn
)

var kindNames = [...]string{
	KindUnknown:   "unknown",
	KindGroup:     "group",
	KindService:   "service",
	KindScope:     "scope",
	KindSlice:     "slice",
	KindUnit:      "unit",
	KindDocker:    "docker",
	KindPodman:    "podman",
	KindPod:       "pod",
	KindContainer: "container",
	KindLXC:       "lxc",
	KindNspawn:    "nspawn",
	KindVM:        "vm",
}

// String returns a short lower-case word.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Orchestrator returns the number that lookups have on the wire for this kind:
// 0 unknown, 1 systemd, 2 docker, 3 k8s, 4 kvm, 5 lxc, 6 podman, 7 nspawn.
func (k Kind) Orchestrator() uint16 {
	switch k {
	case KindService, KindScope, KindSlice, KindUnit:
		return 1
	case KindDocker:
		return 2
	case KindPod, KindContainer:
		return 3
	case KindVM:
		return 4
	case KindLXC:
		return 5
	case KindPodman:
		return 6
	case KindNspawn:
		return 7
	default:
		return 0
	}
}

// box reports whether cgroups below one of this kind belong to it, whatever they are called.
func (k Kind) box() bool {
	switch k {
	case KindDocker, KindPodman, KindContainer, KindLXC, KindNspawn, KindVM:
		return true
	default:
		return false
	}
}
