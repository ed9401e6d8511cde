package hostcgroups

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const podSlice = "/kubepods.slice/kubepods-pod1_2.slice"

func containerd(id string) string {
	return "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + id + "/config.json"
}

func docker(id string) string { return "/var/lib/docker/containers/" + id + dockerFile }

// Names, where the runtimes' state can be read.
func TestNamesFromRuntimes(t *testing.T) {
	podman := "/var/lib/containers/storage/overlay-containers"
	for _, tc := range []struct {
		name, path string
		file, text string
		want       string
		kind       Kind
	}{
		{"docker, cgroupfs", "/docker/" + id1, docker(id1), dockerWeb, "web", KindDocker},
		{"docker, systemd", "/system.slice/docker-" + id1 + ".scope/init", docker(id1), dockerWeb, "web/init", KindDocker},
		{"docker, below another parent", "/ecs/task/" + id1, docker(id1), dockerWeb, "web", KindDocker},
		{"docker, of nobody", "/docker/" + id1, docker(id2), dockerWeb, "docker-0123456789ab", KindDocker},
		{"docker, in a user's subtree", "/user.slice/docker-" + id1 + ".scope", docker(id1), dockerWeb, "docker-0123456789ab", KindDocker},
		{"docker, in a container", "/lxc/a/docker-" + id1 + ".scope", docker(id1), dockerWeb, "a/docker-" + id1 + ".scope", KindLXC},
		{"docker, not a name", "/docker/" + id1, docker(id1), `{"Name":"/a b"}`, "docker-0123456789ab", KindDocker},
		{"podman", "/machine.slice/libpod-" + id1 + ".scope", podman + "/containers.json", `[{"id":"` + id1 + `","names":["web"]}]`, "web", KindPodman},
		{"podman, volatile", "/libpod_parent/libpod-" + id1 + "/container", "/run/containers/storage/overlay-containers/volatile-containers.json", `[{"id":"` + id1 + `","names":["web"]}]`, "web/container", KindPodman},
		{"podman's conmon", "/machine.slice/libpod-conmon-" + id1 + ".scope", podman + "/containers.json", `[{"id":"` + id1 + `","names":["web"]}]`, "podman-0123456789ab/conmon", KindPodman},
		{"containerd", podSlice + "/cri-containerd-" + id1 + ".scope", containerd(id1), ociContainerd, "cntr_default_web-0_nginx", KindContainer},
		{"containerd of k3s", "/kubepods/burstable/pod1-2/" + id1, "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" + id1 + "/config.json", ociContainerd, "cntr_default_web-0_nginx", KindContainer},
		{"cri-o", podSlice + "/crio-" + id1 + ".scope", podman + "/" + id1 + "/userdata/config.json", ociCrio, "cntr_default_web-0_nginx", KindContainer},
		{"cri-dockerd", podSlice + "/docker-" + id1 + ".scope", docker(id1), dockerKube, "cntr_default_web-0_nginx", KindContainer},
		{"nspawn", "/machine.slice/machine-deb.scope", "/run/systemd/machines/deb", "CLASS=container\nSERVICE=systemd-nspawn\n", "deb", KindNspawn},
		{"a registered vm", "/machine.slice/machine-deb.scope", "/run/systemd/machines/deb", "CLASS=vm\n", "deb", KindVM},
		{"libvirt, a name that the path cuts", `/machine.slice/machine-qemu\x2d7\x2dlong.scope/libvirt`, "/run/libvirt/qemu/long name.xml", "<domstatus><domain type='kvm' id='7'/></domstatus>", "qemu_long name/libvirt", KindVM},
		{"libvirt, another machine", `/machine.slice/machine-qemu\x2d7\x2dvm.scope`, "/run/libvirt/qemu/other.xml", "<domain id='8'/>", "qemu_vm", KindVM},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, mountsV2)
			f.dirs("/sys/fs/cgroup" + tc.path)
			f.write(tc.file, tc.text)
			rows, _ := list(t, f.config())
			checkRows(t, rows)
			if got := rows[len(rows)-1]; got.Path != tc.path || got.Name != tc.want || got.Kind != tc.kind {
				t.Errorf("%+v, want %q, %v", got, tc.want, tc.kind)
			}
		})
	}
}

func TestPodIsNamedAfterItsContainers(t *testing.T) {
	f := newFixture(t, mountsV2)
	f.dirs("/sys/fs/cgroup"+podSlice+"/cri-containerd-"+id1+".scope", "/sys/fs/cgroup"+podSlice+"/cri-containerd-"+id2+".scope")
	l := New(f.config())
	pod := func() string {
		rows, _, err := l.List(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		checkRows(t, rows)
		return rows[1].Name
	}
	if got := pod(); got != "pod_1-2" {
		t.Errorf("with nothing to read: %q", got)
	}
	f.write(containerd(id2), ociContainerd)
	l = New(f.config())
	if got := pod(); got != "pod_default_web-0" {
		t.Errorf("with a container's state: %q", got)
	}
	f.remove(containerd(id2))
	f.remove("/sys/fs/cgroup" + podSlice + "/cri-containerd-" + id2 + ".scope")
	if got := pod(); got != "pod_default_web-0" {
		t.Errorf("after that container: %q", got)
	}
}

// nameAt names one cgroup at a moment of the test's choice.
func nameAt(t *testing.T, s *state, path string, at time.Duration) string {
	t.Helper()
	rows := []Cgroup{{Path: path}}
	if err := s.name(t.Context(), rows, time.Unix(1e9, 0).Add(at)); err != nil {
		t.Fatal(err)
	}
	return rows[0].Name
}

func TestStateIsRemembered(t *testing.T) {
	f := newFixture(t, "")
	s := newState(f.config().withDefaults())
	path := "/docker/" + id1
	for _, step := range []struct {
		at   time.Duration
		do   func()
		want string
	}{
		{0, func() {}, "docker-0123456789ab"},
		{retryAfter - 1, func() { f.write(docker(id1), dockerWeb) }, "docker-0123456789ab"}, // not asked again yet
		{retryAfter, func() {}, "web"},
		{retryAfter + recheckAfter - 1, func() { f.write(docker(id1), `{"Name":"/renamed"}`) }, "web"}, // believed for a while
		{retryAfter + recheckAfter, func() {}, "renamed"},
		{retryAfter + 3*recheckAfter, func() { f.remove(docker(id1)) }, "renamed"}, // on its way out
		{retryAfter + 9*recheckAfter, func() { f.write(docker(id1), `{"Name":"/`) }, "renamed"},
		{time.Hour, func() { f.write(docker(id1), dockerWeb) }, "web"},
	} {
		step.do()
		if got := nameAt(t, s, path, step.at); got != step.want {
			t.Errorf("at %v: %q, want %q", step.at, got, step.want)
		}
	}
}

// A file that does not change is not read again, and one that is missing is asked for ever less often.
func TestStateCostsLittle(t *testing.T) {
	f := newFixture(t, "")
	f.write(docker(id1), dockerWeb)
	s := newState(f.config().withDefaults())
	nameAt(t, s, "/docker/"+id1, 0)
	e := s.known[key{sourceDocker, id1}]
	e.identity.name = "remembered"
	if got := nameAt(t, s, "/docker/"+id1, time.Hour); got != "remembered" {
		t.Errorf("read again: %q", got)
	}
	var waits []time.Duration
	at := time.Duration(0)
	for range 9 {
		nameAt(t, s, "/docker/"+id2, at)
		next := s.known[key{sourceDocker, id2}].next.Sub(time.Unix(1e9, 0))
		waits = append(waits, (next-at)/retryAfter)
		at = next
	}
	if got := fmt.Sprint(waits); got != "[1ns 2ns 4ns 8ns 16ns 32ns 64ns 64ns 64ns]" {
		t.Errorf("asked after %v", got)
	}
}

func TestStateIsBounded(t *testing.T) {
	s := newState(Config{Root: "/nowhere"}.withDefaults())
	kept := "/docker/" + id1
	for n := range 3 {
		rows := []Cgroup{{Path: kept}}
		for i := range maxKnown * 2 / 3 {
			rows = append(rows, Cgroup{Path: fmt.Sprintf("/docker/%064x", n*maxKnown+i)})
		}
		if err := s.name(t.Context(), rows, time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
		if len(s.known) > maxKnown {
			t.Fatalf("%d remembered", len(s.known))
		}
	}
}

// State that is not what it should be: the name is made of the id, and nothing waits.
func TestStateOfTheWrongSort(t *testing.T) {
	for name, make := range map[string]func(string) error{
		"pipe":      func(p string) error { return unix.Mkfifo(p, 0o644) },
		"directory": func(p string) error { return os.Mkdir(p, 0o755) },
		"device":    func(p string) error { return os.Symlink("/dev/zero", p) },
		"circle":    func(p string) error { return os.Symlink(p, p) },
		"too large": func(p string) error {
			return os.WriteFile(p, []byte(dockerWeb+strings.Repeat(" ", maxStateFile)), 0o644)
		},
		"sparse": func(p string) error {
			if err := os.WriteFile(p, nil, 0o644); err != nil {
				return err
			}
			return os.Truncate(p, 1<<40)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			f.dirs(filepath.Dir(docker(id1)))
			if err := make(filepath.Join(f.root, docker(id1))); err != nil {
				t.Fatal(err)
			}
			s := newState(f.config().withDefaults())
			if got := nameAt(t, s, "/docker/"+id1, 0); got != "docker-0123456789ab" {
				t.Errorf("named %q", got)
			}
		})
	}
}

func TestIndexesFollowTheirFiles(t *testing.T) {
	f := newFixture(t, "")
	s := newState(f.config().withDefaults())
	const libvirt = `/machine.slice/machine-qemu\x2d7\x2dx.scope`
	podman := "/machine.slice/libpod-" + id1 + ".scope"
	file := "/var/lib/containers/storage/overlay-containers/containers.json"
	f.dirs("/run/libvirt/qemu")
	for i, step := range []struct {
		do                   func()
		wantPodman, wantQemu string
	}{
		{func() {}, "podman-0123456789ab", "qemu_x"},
		{func() {
			f.write(file, `[{"id":"`+id1+`","names":["one"]}]`)
			f.write("/run/libvirt/qemu/xyz.xml", `<domain id="7"/>`)
		}, "one", "qemu_xyz"},
		{func() {
			f.write(file, `[{"id":"`+id1+`","names":["two"]}]`)
			f.remove("/run/libvirt/qemu/xyz.xml")
			f.write("/run/libvirt/qemu/renamed.xml", `<domain id="7"/>`)
		}, "two", "qemu_renamed"},
		{func() { f.write(file, `[{`); f.write("/run/libvirt/qemu/renamed.xml", `<`) }, "two", "qemu_x"},
		{func() { f.remove(file); f.remove("/run/libvirt") }, "two", "qemu_x"},
	} {
		step.do()
		at := time.Duration(i) * indexAfter
		if got := nameAt(t, s, podman, at); got != step.wantPodman {
			t.Errorf("step %d: podman's is %q, want %q", i, got, step.wantPodman)
		}
		if got := nameAt(t, s, libvirt, at); got != step.wantQemu {
			t.Errorf("step %d: libvirt's is %q, want %q", i, got, step.wantQemu)
		}
	}
}
