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
}

// parseDocker reads containers/ID/config.v2.json. The labels that Kubernetes sets count only
// for a container of Kubernetes (kube): anybody can set them.
func parseDocker(b []byte, kube bool) (identity, error) {
	var v struct {
		Name   string
		Config struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return identity{}, fmt.Errorf("docker's config.v2.json: %w", err)
	}
	if kube {
		l := v.Config.Labels
		if l["io.kubernetes.docker.type"] == "podsandbox" {
			l["io.kubernetes.container.name"] = sandboxName
		}
		return kubeIdentity(l["io.kubernetes.pod.namespace"], l["io.kubernetes.pod.name"], l["io.kubernetes.container.name"])
	}
	name := strings.TrimPrefix(v.Name, "/")
	if !isContainerName(name) {
		return identity{}, fmt.Errorf("docker's config.v2.json: name %.80q: %w", v.Name, errState)
	}
	return identity{name: name, kind: KindDocker}, nil
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
	namespace, pod, container := a["io.kubernetes.cri.sandbox-namespace"], a["io.kubernetes.cri.sandbox-name"], a["io.kubernetes.cri.container-name"]
	sandbox := a["io.kubernetes.cri.container-type"] == "sandbox"
	if pod == "" {
		namespace, pod, container = a["io.kubernetes.pod.namespace"], a["io.kubernetes.pod.name"], a["io.kubernetes.container.name"]
		sandbox = a["io.kubernetes.cri-o.ContainerType"] == "sandbox"
	}
	if sandbox {
		container = sandboxName
	}
	return kubeIdentity(namespace, pod, container)
}

// sandboxName stands for the container that only holds a pod's namespaces. No container can be called so.
const sandboxName = "POD"

func kubeIdentity(namespace, pod, container string) (identity, error) {
	if !isKubeName(namespace) || !isKubeName(pod) || container != sandboxName && !isKubeName(container) {
		return identity{}, fmt.Errorf("container %.80q of pod %.80q in %.80q: %w", container, pod, namespace, errState)
	}
	full := namespace + "_" + pod
	return identity{name: "cntr_" + full + "_" + container, kind: KindContainer, pod: "pod_" + full}, nil
}

// parsePodman reads containers.json, the list that podman's storage keeps: id to name.
func parsePodman(b []byte) (map[string]string, error) {
	var list []struct {
		ID    string   `json:"id"`
		Names []string `json:"names"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("podman's containers.json: %w", err)
	}
	names := make(map[string]string, len(list))
	for _, c := range list {
		if isID(c.ID) && len(c.Names) > 0 && isContainerName(c.Names[0]) {
			names[c.ID] = c.Names[0]
		}
	}
	return names, nil
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
