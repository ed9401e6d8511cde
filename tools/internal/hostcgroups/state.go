package hostcgroups

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What runtimes keep about their containers, as far as it names them. Each
// function judges the bytes of one file, which may be damaged or half written,
// and refuses names that no such runtime accepts.

var errState = errors.New("not a name this runtime gives")

// identity is what a runtime says about one container or machine.
type identity struct {
	name string
	kind Kind   // KindUnknown: what the path says
	pod  string // "pod_NAMESPACE_NAME", for a container of Kubernetes
	// labels are those that the path cannot know, the first podLabels of them about the pod as a whole.
	labels    []Label
	podLabels int
}

// parseDocker reads containers/ID/config.v2.json. The labels that Kubernetes sets count only
// for a container of Kubernetes (kube): anybody can set them.
func parseDocker(b []byte, kube bool) (identity, error) {
	var v struct {
		Name   string
		Config struct {
			Image  string
			Labels map[string]string
		}
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return identity{}, fmt.Errorf("docker's config.v2.json: %w", err)
	}
	if kube {
		l := v.Config.Labels
		if l["io.kubernetes.docker.type"] == "podsandbox" {
			l["io.kubernetes.container.name"] = sandboxName
		}
		return kubeIdentity(kubeNames{
			namespace: l["io.kubernetes.pod.namespace"], pod: l["io.kubernetes.pod.name"],
			uid: l["io.kubernetes.pod.uid"], container: l["io.kubernetes.container.name"], image: v.Config.Image,
		})
	}
	name := strings.TrimPrefix(v.Name, "/")
	if !isContainerName(name) {
		return identity{}, fmt.Errorf("docker's config.v2.json: name %.80q: %w", v.Name, errState)
	}
	labels := addLabel(nil, labelContainerName, name)
	labels = addLabel(labels, labelImage, v.Config.Image)
	return identity{name: name, kind: KindDocker, labels: userLabels(labels, v.Config.Labels)}, nil
}

// parseOCI reads the annotations that containerd and CRI-O leave in a container's config.json.
func parseOCI(b []byte) (identity, error) {
	var v struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return identity{}, fmt.Errorf("config.json: %w", err)
	}
	a := v.Annotations
	k := kubeNames{
		namespace: a["io.kubernetes.cri.sandbox-namespace"], pod: a["io.kubernetes.cri.sandbox-name"],
		uid: a["io.kubernetes.cri.sandbox-uid"], container: a["io.kubernetes.cri.container-name"], image: a["io.kubernetes.cri.image-name"],
	}
	sandbox := a["io.kubernetes.cri.container-type"] == "sandbox"
	if k.pod == "" {
		k = kubeNames{
			namespace: a["io.kubernetes.pod.namespace"], pod: a["io.kubernetes.pod.name"],
			uid: a["io.kubernetes.pod.uid"], container: a["io.kubernetes.container.name"], image: a["io.kubernetes.cri-o.ImageName"],
		}
		sandbox = a["io.kubernetes.cri-o.ContainerType"] == "sandbox"
	}
	if sandbox {
		k.container = sandboxName
	}
	return kubeIdentity(k)
}

// sandboxName stands for the container that only holds a pod's namespaces. No container can be called so.
const sandboxName = "POD"

// kubeNames is what a runtime of Kubernetes knows of a container.
type kubeNames struct{ namespace, pod, uid, container, image string }

func kubeIdentity(k kubeNames) (identity, error) {
	if !isKubeName(k.namespace) || !isKubeName(k.pod) || k.container != sandboxName && !isKubeName(k.container) {
		return identity{}, fmt.Errorf("container %.80q of pod %.80q in %.80q: %w", k.container, k.pod, k.namespace, errState)
	}
	full := k.namespace + "_" + k.pod
	who := identity{name: "cntr_" + full + "_" + k.container, kind: KindContainer, pod: "pod_" + full}
	who.labels = addLabel(who.labels, labelNamespace, k.namespace)
	who.labels = addLabel(who.labels, labelPod, k.pod)
	if isKubeName(k.uid) {
		who.labels = addLabel(who.labels, labelPodUID, k.uid)
	}
	who.podLabels = len(who.labels)
	if k.container != sandboxName {
		who.labels = addLabel(who.labels, labelContainer, k.container)
	}
	who.labels = addLabel(who.labels, labelImage, k.image)
	return who, nil
}

// parsePodman reads containers.json, the list that podman's storage keeps, by id.
func parsePodman(b []byte) (map[string]identity, error) {
	var list []struct {
		ID       string   `json:"id"`
		Names    []string `json:"names"`
		Metadata string   `json:"metadata"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("podman's containers.json: %w", err)
	}
	known := make(map[string]identity, len(list))
	for _, c := range list {
		if !isID(c.ID) || len(c.Names) == 0 || !isContainerName(c.Names[0]) {
			continue
		}
		var more struct {
			Image string `json:"image-name"`
		}
		_ = json.Unmarshal([]byte(c.Metadata), &more) // a name without an image is a name
		labels := addLabel(nil, labelContainerName, c.Names[0])
		known[c.ID] = identity{name: c.Names[0], labels: addLabel(labels, labelImage, more.Image)}
	}
	return known, nil
}

// parseMachine reads /run/systemd/machines/NAME: which service registered the machine, and whether it is virtual.
func parseMachine(name string, b []byte) (identity, error) {
	var class, service string
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "CLASS":
			class = value
		case "SERVICE":
			service = value
		}
	}
	switch {
	case class == "vm":
		return identity{name: name, kind: KindVM}, nil
	case service == "libvirt-lxc":
		return identity{name: name, kind: KindLXC}, nil
	case class == "container":
		return identity{name: name, kind: KindNspawn}, nil
	default:
		return identity{}, fmt.Errorf("machine of class %.40q: %w", class, errState)
	}
}

// parseDomain reads the status that libvirt keeps of a running machine and returns its number, which is part of the path.
func parseDomain(b []byte) (number string, err error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.Token()
		if err != nil {
			return "", fmt.Errorf("libvirt's status: no domain: %w", err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "domain" {
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Local == "id" && isDigits(a.Value) {
				return a.Value, nil
			}
		}
		return "", fmt.Errorf("libvirt's status: domain without a number: %w", errState)
	}
}

// isContainerName is the rule of docker and podman.
func isContainerName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && (i == 0 || c != '_' && c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// isKubeName is the rule for names of namespaces, pods and containers: lower-case DNS.
func isKubeName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' || !isAlnum(c) && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 253
}

// isMachineName is what may stand in a path below /run/systemd/machines.
func isMachineName(s string) bool { return isContainerName(s) && len(s) <= 64 }

// isDomainName is any name of a file without what could harm a terminal.
func isDomainName(s string) bool {
	for _, r := range s {
		if r == '/' || !unicode.IsPrint(r) {
			return false
		}
	}
	return s != "" && len(s) <= 255 && utf8.ValidString(s)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
