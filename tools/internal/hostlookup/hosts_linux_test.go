package hostlookup

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

const (
	node = "4f1a7a2be0f1c58d02a3b6d97c65e8d1f0a9b8c7d6e5f4031223344556677889"
	cid  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	pod  = "8f2c1d34-5b6a-4c7d-9e8f-a0b1c2d3e4f5"
	pod_ = "8f2c1d34_5b6a_4c7d_9e8f_a0b1c2d3e4f5"
)

// What runtimes keep of the container cid.
var (
	dockerState = map[string]string{"/var/lib/docker/containers/" + cid + "/config.v2.json": `{"StreamConfig":{},"State":{"Running":true,"Pid":4711},"ID":"` + cid + `",
		"Created":"2025-03-01T10:00:00Z","Config":{"Hostname":"0123456789ab","Image":"nginx:1.27","Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web","bad":"a\u001bb"}},
		"Image":"sha256:abcd","Name":"/shop-web-1","Driver":"overlay2"}`}
	containerdState = map[string]string{"/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + cid + "/config.json": `{"ociVersion":"1.1.0","process":{"args":["nginx"]},
		"annotations":{"io.kubernetes.cri.container-name":"nginx","io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":"docker.io/library/nginx:1.27",
		"io.kubernetes.cri.sandbox-id":"ff","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-uid":"` + pod + `"}}`}
	crioState = map[string]string{"/run/containers/storage/overlay-containers/" + cid + "/userdata/config.json": `{"ociVersion":"1.0.2",
		"annotations":{"io.kubernetes.container.name":"nginx","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"` + pod + `",
		"io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.ImageName":"docker.io/library/nginx:1.27"}}`}
	kubeDockerState = map[string]string{"/var/lib/docker/containers/" + cid + "/config.v2.json": `{"Name":"/k8s_nginx_web-0_shop_` + pod + `_0","Config":{"Image":"docker.io/library/nginx:1.27",
		"Labels":{"io.kubernetes.container.name":"nginx","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"` + pod + `","io.kubernetes.docker.type":"container"}}}`}
	podmanState = map[string]string{"/var/lib/containers/storage/overlay-containers/containers.json": `[{"id":"` + cid + `","names":["cache"],"image":"99",
		"metadata":"{\"image-name\":\"docker.io/library/redis:7\",\"image-id\":\"99\",\"name\":\"cache\",\"created-at\":1700000000}","created":"2025-03-01T10:00:00Z","flags":{}}]`}
	qemuState = map[string]string{"/run/libvirt/qemu/build host.xml": `<domstatus state='running' reason='booted' pid='4711'><domain type='kvm' id='3'><name>build host</name></domain></domstatus>`}
)

func labels(pairs ...string) (all []applookup.Label) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, applookup.Label{Key: pairs[i], Value: pairs[i+1]})
	}
	return all
}

func kubeLabels(qos string, more ...string) []applookup.Label {
	return labels(append([]string{"k8s_qos_class", qos, "container_id", cid, "k8s_namespace", "shop", "k8s_pod_name", "web-0", "k8s_pod_uid", pod,
		"k8s_container_name", "nginx", "image", "docker.io/library/nginx:1.27"}, more...)...)
}

var dockerLabels = labels("container_id", cid, "container_name", "shop-web-1", "image", "nginx:1.27",
	"label.com.docker.compose.project", "shop", "label.com.docker.compose.service", "web")

// A process of each kind of host: who it belongs to, by both lookups.
func TestHosts(t *testing.T) {
	everywhere := []layout{unified, legacy, hybrid}
	podSlice := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + pod_ + ".slice"
	for _, c := range []struct {
		name    string
		layouts []layout
		path    string
		state   map[string]string
		who     applookup.Orchestrator
		want    string // name
		labels  []applookup.Label
	}{
		{"systemd service", everywhere, "/system.slice/ssh.service", nil, applookup.OrchestratorSystemd, "ssh", labels("slice", "system.slice", "unit", "ssh.service")},
		{"systemd template", everywhere, "/system.slice/system-getty.slice/getty@tty1.service", nil, applookup.OrchestratorSystemd, "getty@tty1", labels("slice", "system-getty.slice", "unit", "getty@tty1.service")},
		{"systemd scope", everywhere, "/user.slice/user-1000.slice/session-3.scope", nil, applookup.OrchestratorSystemd, "session-3", labels("slice", "user-1000.slice", "unit", "session-3.scope")},
		{"systemd itself", everywhere, "/init.scope", nil, applookup.OrchestratorSystemd, "init.scope", labels("unit", "init.scope")},
		{"systemd of a user", everywhere, "/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service", nil, applookup.OrchestratorSystemd, "user@1000/dbus",
			labels("slice", "user-1000.slice", "unit", "user@1000.service", "user_unit", "dbus.service")},
		{"in a service", everywhere, "/system.slice/app.service/worker", nil, applookup.OrchestratorSystemd, "app/worker", labels("slice", "system.slice", "unit", "app.service")},
		{"nobody's", everywhere, "/mine/sub", nil, applookup.OrchestratorUnknown, "mine/sub", nil},
		{"docker, systemd driver", everywhere, "/system.slice/docker-" + cid + ".scope", dockerState, applookup.OrchestratorDocker, "shop-web-1", dockerLabels},
		{"docker, cgroupfs driver", everywhere, "/docker/" + cid, dockerState, applookup.OrchestratorDocker, "shop-web-1", dockerLabels},
		{"docker, below a parent of the user's choice", everywhere, "/ecs/task/" + cid, dockerState, applookup.OrchestratorDocker, "shop-web-1", dockerLabels},
		{"docker, inside", everywhere, "/docker/" + cid + "/init.scope", dockerState, applookup.OrchestratorDocker, "shop-web-1/init.scope", dockerLabels},
		{"docker elsewhere", everywhere, "/docker/" + cid, nil, applookup.OrchestratorDocker, "docker-0123456789ab", labels("container_id", cid)},
		{"containerd, systemd driver", everywhere, podSlice + "/cri-containerd-" + cid + ".scope", containerdState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("burstable")},
		{"containerd, cgroupfs driver", everywhere, "/kubepods/besteffort/pod" + pod + "/" + cid, containerdState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("besteffort")},
		{"containerd, guaranteed", everywhere, "/kubepods/pod" + pod + "/" + cid, containerdState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("guaranteed")},
		{"containerd, drivers that differ", everywhere, "/system.slice/containerd.service/kubepods-burstable-pod" + pod_ + ".slice:cri-containerd:" + cid, containerdState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("burstable")},
		{"containerd elsewhere", everywhere, "/kubepods/burstable/pod" + pod + "/" + cid, nil, applookup.OrchestratorK8s, "cntr_" + pod + "_0123456789ab", labels("k8s_pod_uid", pod, "k8s_qos_class", "burstable", "container_id", cid)},
		{"cri-o, systemd driver", everywhere, podSlice + "/crio-" + cid + ".scope", crioState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("burstable")},
		{"cri-o, cgroupfs driver", everywhere, "/kubepods/burstable/pod" + pod + "/crio-" + cid, crioState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("burstable")},
		{"cri-dockerd", everywhere, podSlice + "/docker-" + cid + ".scope", kubeDockerState, applookup.OrchestratorK8s, "cntr_shop_web-0_nginx", kubeLabels("burstable")},
		{"kind, a cluster in a container", everywhere, "/docker/" + node + "/kubelet.slice/kubelet-kubepods.slice", nil, applookup.OrchestratorDocker, "docker-4f1a7a2be0f1/kubelet.slice/kubelet-kubepods.slice", labels("container_id", node)},
		{"podman, root", everywhere, "/machine.slice/libpod-" + cid + ".scope/container", podmanState, applookup.OrchestratorPodman, "cache/container", labels("container_id", cid, "container_name", "cache", "image", "docker.io/library/redis:7")},
		{"podman, cgroupfs", everywhere, "/libpod_parent/libpod-" + cid, podmanState, applookup.OrchestratorPodman, "cache", labels("container_id", cid, "container_name", "cache", "image", "docker.io/library/redis:7")},
		{"podman, a user's", everywhere, "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + cid + ".scope/container", podmanState, applookup.OrchestratorPodman, "user@1000/podman-0123456789ab/container",
			labels("unit", "user@1000.service", "container_id", cid)},
		{"lxc 4", everywhere, "/lxc.payload.web/init.scope", nil, applookup.OrchestratorLXC, "web/init.scope", labels("container_name", "web")},
		{"lxc 2", everywhere, "/lxc/web", nil, applookup.OrchestratorLXC, "web", labels("container_name", "web")},
		{"lxc monitor", everywhere, "/lxc.monitor.web", nil, applookup.OrchestratorLXC, "web/monitor", labels("container_name", "web")},
		{"libvirt, machined", everywhere, `/machine.slice/machine-qemu\x2d3\x2dbuildhost.scope/libvirt/emulator`, qemuState, applookup.OrchestratorKVM, "qemu_build host/libvirt/emulator", labels("machine_name", "build host")},
		{"libvirt, elsewhere", everywhere, `/machine.slice/machine-qemu\x2d3\x2dbuildhost.scope`, nil, applookup.OrchestratorKVM, "qemu_buildhost", labels("machine_name", "buildhost")},
		{"libvirt, by itself", everywhere, "/machine/qemu-3-buildhost.libvirt-qemu", qemuState, applookup.OrchestratorKVM, "qemu_build host", labels("machine_name", "build host")},
		{"libvirt's lxc", everywhere, `/machine.slice/machine-lxc\x2d9\x2dold.scope`, nil, applookup.OrchestratorLXC, "old", labels("container_name", "old")},
		{"nspawn, a service", everywhere, `/machine.slice/systemd-nspawn@deb\x2d12.service/payload`, nil, applookup.OrchestratorNspawn, "deb-12/payload", labels("machine_name", "deb-12")},
		{"nspawn, machined", everywhere, `/machine.slice/machine-deb\x2d12.scope`, map[string]string{"/run/systemd/machines/deb-12": "NAME=deb-12\nSCOPE=x\nSERVICE=systemd-nspawn\nCLASS=container\n"}, applookup.OrchestratorNspawn, "deb-12", labels("machine_name", "deb-12")},
		{"vmspawn, machined", everywhere, `/machine.slice/machine-deb.scope`, map[string]string{"/run/systemd/machines/deb": "NAME=deb\nSERVICE=systemd-vmspawn\nCLASS=vm\n"}, applookup.OrchestratorKVM, "deb", labels("machine_name", "deb")},
	} {
		for _, l := range c.layouts {
			t.Run(c.name+" "+l.name, func(t *testing.T) {
				f := newFixture(t, l)
				f.cgroupDir("/system.slice/cron.service")
				f.cgroupDir(c.path)
				for path, text := range c.state {
					f.write(path, text)
				}
				f.process(4711, "worker", 77, c.path)
				f.process(1, "init", 1, "/")
				s := newTestSource(f.root)
				uid := uint32(os.Geteuid())
				want := []applookup.Item{
					{PID: 4711, PPID: 1, UID: uid, StartTime: 77, Comm: "worker", Orchestrator: c.who, CgroupPath: c.path, CgroupName: c.want, Labels: c.labels},
					{PID: 1, PPID: 1, UID: uid, StartTime: 1, Comm: "init", CgroupStatus: applookup.CgroupStatusHostRoot},
					{PID: 2, Status: applookup.StatusUnknown, UID: applookup.UIDNotSet},
				}
				got, err := askProcesses(t, s, 4711, 1, 2)
				if err != nil {
					t.Fatal(err)
				}
				checkEqual(t, want, got)
				for pid, want := range map[uint32]applookup.Item{4711: want[0], 1: want[1]} { // the table says the same
					if it, ok := s.Get().Process(pid); !ok || !it.Equal(want) {
						t.Errorf("the table: %+v, %v", it, ok)
					}
				}
				cgroups, err := askCgroups(t, s, c.path, l.dir+c.path)
				if err != nil {
					t.Fatal(err)
				}
				for i, path := range []string{c.path, l.dir + c.path} {
					want := cgrouplookup.Item{Orchestrator: c.who, Path: path, Name: c.want, Labels: c.labels}
					if !cgroups[i].Equal(want) {
						t.Errorf("got  %+v\nwant %+v", cgroups[i], want)
					}
				}
			})
		}
	}
}

func checkEqual(t *testing.T, want, got []applookup.Item) {
	t.Helper()
	for i := range want {
		if !got[i].Equal(want[i]) {
			t.Errorf("want -, got +:\n%s", cmp.Diff(want[i], got[i]))
		}
	}
}

// A pod is known by its containers, of both kinds of driver and of each runtime.
func TestPods(t *testing.T) {
	for name, c := range map[string]struct {
		path, child string
		state       map[string]string
		qos         string
	}{
		"containerd": {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + pod_ + ".slice", "/cri-containerd-" + cid + ".scope", containerdState, "burstable"},
		"cri-o":      {"/kubepods.slice/kubepods-pod" + pod_ + ".slice", "/crio-" + cid + ".scope", crioState, "guaranteed"},
		"docker":     {"/kubepods/besteffort/pod" + pod, "/" + cid, kubeDockerState, "besteffort"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, unified)
			f.cgroupDir(c.path + c.child)
			for path, text := range c.state {
				f.write(path, text)
			}
			got, err := askCgroups(t, newTestSource(f.root), c.path)
			want := cgrouplookup.Item{Orchestrator: cgrouplookup.OrchestratorK8s, Path: c.path, Name: "pod_shop_web-0",
				Labels: labels("k8s_qos_class", c.qos, "k8s_namespace", "shop", "k8s_pod_name", "web-0", "k8s_pod_uid", pod)}
			if err != nil || !got[0].Equal(want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}
