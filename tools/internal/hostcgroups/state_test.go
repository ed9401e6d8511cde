package hostcgroups

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	ociContainerd = `{"ociVersion":"1.1.0","annotations":{"io.kubernetes.cri.container-name":"nginx","io.kubernetes.cri.container-type":"container",` +
		`"io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"default"}}`
	ociSandbox = `{"annotations":{"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"default"}}`
	ociCrio    = `{"annotations":{"io.kubernetes.container.name":"nginx","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"default","io.kubernetes.cri-o.ContainerType":"container"}}`
	dockerWeb  = `{"ID":"x","Name":"/web","Config":{"Labels":{"io.kubernetes.pod.name":"fake"}}}`
	dockerKube = `{"Name":"/k8s_nginx_web-0_default_1_0","Config":{"Labels":{"io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"default","io.kubernetes.container.name":"nginx"}}}`
	dockerPOD  = `{"Name":"/x","Config":{"Labels":{"io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"default","io.kubernetes.container.name":"POD","io.kubernetes.docker.type":"podsandbox"}}}`
)

func TestParseState(t *testing.T) {
	docker := func(b []byte) (identity, error) { return parseDocker(b, false) }
	kube := func(b []byte) (identity, error) { return parseDocker(b, true) }
	machine := func(b []byte) (identity, error) { return parseMachine("m", b) }
	nginx := identity{name: "cntr_default_web-0_nginx", kind: KindContainer, pod: "pod_default_web-0"}
	sandbox := identity{name: "cntr_default_web-0_POD", kind: KindContainer, pod: "pod_default_web-0"}
	refused := identity{}
	for _, tc := range []struct {
		name  string
		parse func([]byte) (identity, error)
		text  string
		want  identity
	}{
		{"docker", docker, dockerWeb, identity{name: "web", kind: KindDocker}},
		{"docker under kubepods", kube, dockerKube, nginx},
		{"docker sandbox", kube, dockerPOD, sandbox},
		{"docker under kubepods without labels", kube, `{"Name":"/web"}`, refused},
		{"docker, a path", docker, `{"Name":"/../../etc/passwd"}`, refused},
		{"docker, control characters", docker, `{"Name":"/we\u001b[2Jb"}`, refused},
		{"docker, NUL", docker, `{"Name":"/we\u0000b"}`, refused},
		{"docker, none", docker, `{}`, refused},
		{"docker, too long", docker, `{"Name":"/` + strings.Repeat("x", 256) + `"}`, refused},
		{"docker, another type", docker, `{"Name":["/web"]}`, refused},
		{"docker, half a file", docker, dockerWeb[:20], refused},
		{"containerd", parseOCI, ociContainerd, nginx},
		{"containerd sandbox", parseOCI, ociSandbox, sandbox},
		{"cri-o", parseOCI, ociCrio, nginx},
		{"no annotations", parseOCI, `{}`, refused},
		{"an underscore in a pod", parseOCI, strings.ReplaceAll(ociCrio, "web-0", "web_0"), refused},
		{"capitals", parseOCI, strings.ReplaceAll(ociCrio, `"nginx"`, `"POD"`), sandbox}, // only this word
		{"other capitals", parseOCI, strings.ReplaceAll(ociCrio, `"nginx"`, `"Nginx"`), refused},
		{"machined, nspawn", machine, "NAME=m\nCLASS=container\nSERVICE=systemd-nspawn\n", identity{name: "m", kind: KindNspawn}},
		{"machined, libvirt-lxc", machine, "SERVICE=libvirt-lxc\nCLASS=container", identity{name: "m", kind: KindLXC}},
		{"machined, vm", machine, "CLASS=vm\n", identity{name: "m", kind: KindVM}},
		{"machined, empty", machine, "", refused},
	} {
		got, err := tc.parse([]byte(tc.text))
		if got.name != tc.want.name || got.kind != tc.want.kind || got.pod != tc.want.pod || (err == nil) != (tc.want.name != refused.name) {
			t.Errorf("%s: %+v, %v; want %+v", tc.name, got, err, tc.want)
		}
	}
}

func TestParsePodman(t *testing.T) {
	names, err := parsePodman([]byte(`[{"id":"` + id1 + `","names":["web","alias"]},{"id":"` + id2 + `","names":["a/b"]},{"id":"../x","names":["y"]},{"id":"` + id2 + `"}]`))
	if err != nil || len(names) != 1 || names[id1].name != "web" {
		t.Errorf("%v, %v", names, err)
	}
	for _, text := range []string{"", "{}", "[{]", `[{"id":1}]`} {
		if names, err := parsePodman([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, names)
		}
	}
}

func TestParseDomain(t *testing.T) {
	for text, want := range map[string]string{
		`<domstatus state='running'><vcpus/><domain type='kvm' id='19'><name>vm</name></domain></domstatus>`: "19",
		`<domain id='x'/>`: "", `<domain/>`: "", `<domstatus>`: "", ``: "", `<`: "",
	} {
		if got, err := parseDomain([]byte(text)); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// What goes into a path, or comes from a file's name, can harm neither.
func TestNamesThatAreFiles(t *testing.T) {
	for name, want := range map[string]struct{ machine, domain bool }{
		"deb-12": {true, true}, "a b": {false, true}, "ü": {false, true}, "..": {false, true}, "": {},
		"a/b": {}, "a\x00": {}, "a\x1b": {}, "a\xff": {}, "a\u202e": {},
		strings.Repeat("x", 65): {false, true}, strings.Repeat("x", 256): {},
	} {
		if got := isMachineName(name); got != want.machine {
			t.Errorf("isMachineName(%q) = %v", name, got)
		}
		if got := isDomainName(name); got != want.domain {
			t.Errorf("isDomainName(%q) = %v", name, got)
		}
	}
}

// Whatever a file holds, what is accepted of it is a name.
func FuzzState(f *testing.F) {
	for _, s := range []string{ociContainerd, ociSandbox, ociCrio, dockerWeb, dockerKube, dockerPOD, "CLASS=vm\n", `<domain id='1'/>`, `[{"id":"` + id1 + `","names":["web"]}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkState(t, b) })
}

func TestStateOfAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkState(t, rapid.SliceOf(rapid.Byte()).Draw(t, "b"))
		name := rapid.String().Draw(t, "name")
		checkState(t, []byte(`{"Name":"/`+name+`","annotations":{"io.kubernetes.container.name":"`+name+`","io.kubernetes.pod.name":"`+name+`","io.kubernetes.pod.namespace":"n"}}`))
	})
}

func checkState(t interface{ Fatalf(string, ...any) }, b []byte) {
	check := func(who identity, err error) {
		if err == nil && (who.name == "" || strings.ContainsFunc(who.name+who.pod, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '/' })) {
			t.Fatalf("%q: accepted %+v", b, who)
		}
		if err == nil && (who.podLabels > len(who.labels) || len(who.labels) > 5+maxUserLabels) {
			t.Fatalf("%q: accepted %+v", b, who)
		}
		for _, l := range who.labels {
			if l.Key == "" || l.Value == "" || len(l.Key) > len(labelOfUser)+maxLabelKey || len(l.Value) > maxLabelValue || !isText(l.Key+l.Value) {
				t.Fatalf("%q: accepted %+v", b, who)
			}
		}
	}
	check(parseDocker(b, false))
	check(parseDocker(b, true))
	check(parseOCI(b))
	check(parseMachine("m", b))
	if names, err := parsePodman(b); err == nil {
		for id, who := range names {
			who.pod = id
			check(who, nil)
		}
	}
	if number, err := parseDomain(b); err == nil && !isDigits(number) {
		t.Fatalf("%q: number %q", b, number)
	}
}
