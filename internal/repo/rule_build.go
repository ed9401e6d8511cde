package repo

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// selectedVersions compares the libraries' requirements with the build list of the workspace.
func selectedVersions(t *Tree) ([]string, error) {
	out, err := goCommand(t.Root, nil, "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	if err != nil {
		return nil, err
	}
	selected := map[string]string{}
	for line := range strings.Lines(out) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			selected[path] = version
		}
	}
	return compareSelected(t, selected), nil
}

func compareSelected(t *Tree, selected map[string]string) (bad []string) {
	for _, dir := range Libraries {
		m := t.module(dir)
		if m == nil {
			continue
		}
		for _, r := range m.Require {
			if _, ours := sibling(r.Mod.Path); !ours && selected[r.Mod.Path] != r.Mod.Version {
				bad = append(bad, fmt.Sprintf("%s requires %s, the workspace selects %q", m.file(), r.Mod, selected[r.Mod.Path]))
			}
		}
	}
	return bad
}

// serviceWasm builds all packages of service but service/local for an operating system without sockets.
func serviceWasm(t *Tree) ([]string, error) {
	var pkgs []string
	for _, s := range t.Sources {
		dir := s.Dir()
		if !s.Test && within(dir, "service") && !within(dir, "service/local") && !slices.Contains(pkgs, Prefix+"/"+dir) {
			pkgs = append(pkgs, Prefix+"/"+dir)
		}
	}
	if len(pkgs) == 0 {
		return nil, nil
	}
	args := append([]string{"build"}, pkgs...)
	if _, err := goCommand(t.Root, []string{"GOOS=js", "GOARCH=wasm"}, args...); err != nil {
		return []string{err.Error()}, nil
	}
	return nil, nil
}

// goCommand runs the go command in dir with the workspace on, whatever the environment says.
func goCommand(dir string, env []string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.Contains([]string{"GOWORK", "GOFLAGS", "GOOS", "GOARCH", "CGO_ENABLED", "PWD"}, name) {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0", "PWD="+dir)
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}
