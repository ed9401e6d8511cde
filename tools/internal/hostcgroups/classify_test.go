package hostcgroups

import (
	"strings"
	"testing"
)

const (
	id1 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	id2 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

func TestClassify(t *testing.T) {
	const group = true // groups others: not enabled
	for _, tc := range []struct {
		path  string
		kind  Kind
		name  string
		group bool
	}{
		// Units of the system manager.
		{"/init.scope", KindScope, "init.scope", false},
		{"/system.slice", KindSlice, "system.slice", group},
		{"/system.slice/ssh.service", KindService, "ssh", false},
		{"/system.slice/ssh.socket", KindUnit, "ssh.socket", false},
		{"/system.slice/boot-efi.mount", KindUnit, "boot-efi.mount", false},
		{"/system.slice/dev-dm\\x2d1.swap", KindUnit, "dev-dm-1.swap", false},
		{"/system.slice/system-getty.slice/getty@tty1.service", KindService, "getty@tty1", false},
		{"/system.slice/system-systemd\\x2dfsck.slice", KindSlice, "system-systemd-fsck.slice", group},
		{"/system.slice/systemd-fsck@dev-disk-by\\x2duuid-1.service", KindService, "systemd-fsck@dev-disk-by-uuid-1", false},
		{"/system.slice/ssh.service/worker/1", KindService, "ssh/worker/1", false},
		{"/system.slice/systemd-udevd.service/udev", KindService, "systemd-udevd/udev", false},
		{"/system.slice/.service", KindUnknown, "system.slice/.service", false},
		{"/system.slice/plain", KindUnknown, "system.slice/plain", false},
		{"/user.slice", KindSlice, "user.slice", group},
		{"/user.slice/user-1000.slice", KindSlice, "user-1000.slice", group},
		{"/user.slice/user-1000.slice/session-3.scope", KindScope, "session-3", false},
		{"/machine.slice", KindSlice, "machine.slice", group},

		// Units of users' managers: the same names in every one of them.
		{"/user.slice/user-1000.slice/user@1000.service", KindService, "user@1000", false},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", KindScope, "user@1000/init.scope", false},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice", KindSlice, "user@1000/app.slice", group},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome\\x2dterm-1.scope", KindScope, "user@1000/app-gnome-term-1.scope", false},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service", KindService, "user@1000/dbus", false},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/x.service/y.service", KindService, "user@1000/x/y.service", false},
		{"/user.slice/user-1001.slice/user@1001.service/init.scope", KindScope, "user@1001/init.scope", false},

		// Docker.
		{"/docker", KindGroup, "docker", group},
		{"/docker/" + id1, KindDocker, "docker-0123456789ab", false},
		{"/docker/" + id1 + "/system.slice/x.service", KindDocker, "docker-0123456789ab/system.slice/x.service", false},
		{"/docker/" + id1 + "/docker/" + id2, KindDocker, "docker-0123456789ab/docker/" + id2, false},
		{"/docker/buildkit/xyz", KindUnknown, "docker/buildkit/xyz", false},
		{"/system.slice/docker-" + id1 + ".scope", KindDocker, "docker-0123456789ab", false},
		{"/system.slice/docker-" + id1[:63] + ".scope", KindScope, "docker-" + id1[:63] + ".scope", false},
		{"/system.slice/docker-" + strings.ToUpper(id1) + ".scope", KindScope, "docker-" + strings.ToUpper(id1) + ".scope", false},
		{"/ecs/task/" + id1, KindUnknown, "ecs/task/" + id1, false},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id1 + ".scope", KindDocker, "user@1000/docker-0123456789ab", false},

		// Podman.
		{"/libpod_parent", KindGroup, "libpod_parent", group},
		{"/libpod_parent/libpod-" + id1, KindPodman, "podman-0123456789ab", false},
		{"/machine.slice/libpod-" + id1 + ".scope", KindPodman, "podman-0123456789ab", false},
		{"/machine.slice/libpod-" + id1 + ".scope/container", KindPodman, "podman-0123456789ab/container", false},
		{"/machine.slice/libpod-conmon-" + id1 + ".scope", KindPodman, "podman-0123456789ab/conmon", false},
		{"/system.slice/web.service/libpod-payload-" + id1, KindPodman, "podman-0123456789ab", false},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id1 + ".scope", KindPodman, "user@1000/podman-0123456789ab", false},

		// Kubernetes, systemd driver.
		{"/kubepods.slice", KindSlice, "kubepods.slice", group},
		{"/kubepods.slice/kubepods-burstable.slice", KindSlice, "kubepods-burstable.slice", group},
		{"/kubepods.slice/kubepods-pod1_2.slice", KindPod, "pod_1-2", group},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice", KindPod, "pod_1-2", group},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" + id1 + ".scope", KindContainer, "cntr_1-2_0123456789ab", false},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/crio-" + id1 + ".scope", KindContainer, "cntr_1-2_0123456789ab", false},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/crio-" + id1 + ".scope/container", KindContainer, "cntr_1-2_0123456789ab/container", false},
		{"/kubepods.slice/kubepods-pod1_2.slice/crio-conmon-" + id1 + ".scope", KindContainer, "cntr_1-2_0123456789ab/conmon", false},
		{"/kubepods.slice/kubepods-pod1_2.slice/docker-" + id1 + ".scope", KindContainer, "cntr_1-2_0123456789ab", false},
		{"/kubepods.slice/kubepods-pod1_2.slice/extra", KindPod, "pod_1-2/extra", false},
		{"/kubepods.slice/kubepods-podless", KindUnknown, "kubepods.slice/kubepods-podless", false},
		{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod1_2.slice/cri-containerd-" + id1 + ".scope", KindContainer, "cntr_1-2_0123456789ab", false},
		{"/system.slice/containerd.service/kubepods-burstable-pod1_2.slice:cri-containerd:" + id1, KindContainer, "cntr_1-2_0123456789ab", false},
		{"/kubepodsx.slice", KindSlice, "kubepodsx.slice", group},
		{"/kubepods-burstable-.slice", KindSlice, "kubepods-burstable-.slice", group},
		{"/system.slice/cri-containerd-" + id1 + ".scope", KindContainer, "cntr_0123456789ab", false},
		// Kubernetes, cgroupfs driver.
		{"/kubepods", KindGroup, "kubepods", group},
		{"/kubepods/burstable", KindGroup, "kubepods/burstable", group},
		{"/kubepods/pod1-2", KindPod, "pod_1-2", group},
		{"/kubepods/burstable/pod1-2", KindPod, "pod_1-2", group},
		{"/kubepods/burstable/pod1-2/" + id1, KindContainer, "cntr_1-2_0123456789ab", false},
		{"/kubepods/besteffort/pod1-2/crio-" + id1, KindContainer, "cntr_1-2_0123456789ab", false},
		// A cluster in a container is that container's own business.
		{"/docker/" + id2 + "/kubepods/burstable/pod1-2/" + id1, KindDocker, "docker-fedcba987654/kubepods/burstable/pod1-2/" + id1, false},
		// A user's own cluster has no say about the host's names.
		{"/user.slice/user-1000.slice/user@1000.service/kubepods.slice/kubepods-pod1_2.slice", KindPod, "user@1000/pod_1-2", group},

		// lxc.
		{"/lxc", KindGroup, "lxc", group},
		{"/lxc/web", KindLXC, "web", false},
		{"/lxc/web/ns/init.scope", KindLXC, "web/ns/init.scope", false},
		{"/lxc.payload.web", KindLXC, "web", false},
		{"/lxc.payload/web", KindLXC, "web", false},
		{"/lxc.payload.web/system.slice/ssh.service", KindLXC, "web/system.slice/ssh.service", false},
		{"/lxc.monitor.web", KindLXC, "web/monitor", false},
		{"/lxc.monitor/web", KindLXC, "web/monitor", false},
		{"/lxc.payload.", KindUnknown, "lxc.payload.", false},
		{"/user.slice/user-1000.slice/session-3.scope/lxc.payload.web", KindLXC, "session-3/web", false},
		{"/machine.slice/machine-lxc\\x2d41\\x2dweb.scope", KindLXC, "web", false},
		{"/machine/lxc-41-web.libvirt-lxc", KindLXC, "web", false},
		{"/machine/web.libvirt-lxc", KindLXC, "web", false},
		{"/other/web.libvirt-lxc", KindUnknown, "other/web.libvirt-lxc", false},
		{"/libvirt/lxc/web", KindLXC, "web", false},

		// nspawn.
		{"/machine.slice/machine-deb\\x2d12.scope", KindNspawn, "deb-12", false},
		{"/machine.slice/machine-xen\\x2d1\\x2dvm.scope", KindNspawn, "xen-1-vm", false},
		{"/machine.slice/systemd-nspawn@deb\\x2d12.service", KindNspawn, "deb-12", false},
		{"/machine.slice/systemd-nspawn@deb.service/payload/init.scope", KindNspawn, "deb/payload/init.scope", false},
		{"/machine.slice/systemd-nspawn@deb.service/supervisor", KindNspawn, "deb/supervisor", false},

		// libvirt.
		{"/machine.slice/machine-qemu\\x2d19\\x2dvm\\x2dweb.scope", KindVM, "qemu_vm-web", false},
		{"/machine.slice/machine-qemu\\x2d19\\x2dvm.scope/libvirt", KindVM, "qemu_vm/libvirt", false},
		{"/machine.slice/machine-qemu\\x2d19\\x2dvm.scope/libvirt/emulator", KindVM, "qemu_vm/libvirt/emulator", group},
		{"/machine.slice/machine-qemu\\x2d19\\x2dvm.scope/libvirt/vcpu0", KindVM, "qemu_vm/libvirt/vcpu0", group},
		{"/machine.slice/machine-qemu\\x2d19\\x2dvm.scope/iothread12", KindVM, "qemu_vm/iothread12", group},
		{"/machine", KindGroup, "machine", group},
		{"/machine/qemu-2-vm.libvirt-qemu", KindVM, "qemu_vm", false},
		{"/machine/vm.libvirt-qemu/vcpu1", KindVM, "qemu_vm/vcpu1", group},
		{"/libvirt", KindGroup, "libvirt", group},
		{"/libvirt/qemu", KindGroup, "libvirt/qemu", group},
		{"/libvirt/qemu/vm", KindVM, "qemu_vm", false},
		{"/machine.slice/systemd-vmspawn@vm.service", KindVM, "vm", false},

		// Nobody's, and what nobody should make.
		{"/process_api/4711", KindUnknown, "process_api/4711", false},
		{"/a b\t\x1b[2J\n/\xff", KindUnknown, `a b\x09\x1b[2J\x0a/\xff`, false},
		{"/right\u202eleft", KindUnknown, `right\xe2\x80\xaeleft`, false},
		{"/日本語", KindUnknown, "日本語", false},
		{"/system.slice/a\\x1b\\x2f\\x00\\xzz\\x.service", KindService, `a\x1b\x2f\x00\xzz\x`, false},
		{"", KindUnknown, "/", false},
		{"/", KindUnknown, "/", false},
		{"//", KindUnknown, "/", false},
		{"system.slice/ssh.service", KindService, "ssh", false},
	} {
		kind, name, enabled := Classify(tc.path)
		if kind != tc.kind || name != tc.name || enabled == tc.group {
			t.Errorf("Classify(%q)\n = %v, %q, enabled %v\nwant %v, %q, %v", tc.path, kind, name, enabled, tc.kind, tc.name, !tc.group)
		}
	}
}

func TestKindStrings(t *testing.T) {
	seen := map[string]bool{}
	for k := KindUnknown; k <= KindVM; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is called %q", uint8(k), s)
		} else {
			seen[s] = true
		}
		if k.Orchestrator() > 7 {
			t.Errorf("%v has orchestrator %d", k, k.Orchestrator())
		}
	}
	if s := (KindVM + 1).String(); s != "kind(13)" {
		t.Errorf("an unknown kind is called %q", s)
	}
}
