package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// strangers has a folder for each released module: a program that uses it, main.go, and what that prints,
// output.txt; and modules.txt. See brought.
const strangers = "tools/internal/release/testdata/strangers"

// stranger is somebody who wants one module.
type stranger struct {
	w   *workspace
	g   *goCommand
	m   *member
	dir string // of his own module
}

// newStranger makes a module that depends on m and nothing else. copied is his program, or nil.
func newStranger(ctx context.Context, w *workspace, g *goCommand, m *member, dir string) (*stranger, error) {
	s := &stranger{w, g, m, dir}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	if _, err := g.run(ctx, dir, "mod", "init", "example.com/stranger"); err != nil {
		return nil, err
	}
	if len(m.Commands) > 0 {
		get := []string{"get", "-tool"}
		for _, c := range m.commands() {
			get = append(get, c+"@"+Version)
		}
		_, err := g.run(ctx, dir, get...)
		return s, err
	}
	name := path.Join(strangers, m.Dir, "main.go")
	program, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("%w: every released module has a program that tries it; write %s, and what it prints in output.txt beside it", err, name)
	}
	if err := writeFile(filepath.Join(dir, "main.go"), program, 0o666); err != nil {
		return nil, err
	}
	if _, err := g.run(ctx, dir, "get", m.path+"@"+Version); err != nil {
		return nil, err
	}
	_, err = g.run(ctx, dir, "mod", "tidy")
	return s, err
}

// commands returns the packages that are installed.
func (m *member) commands() (packages []string) {
	for _, c := range m.Commands {
		packages = append(packages, path.Join(m.path, c.Package))
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// use builds and runs what the stranger wants the module for. note says if it was not run.
func (s *stranger) use(ctx context.Context) (note string, err error) {
	if len(s.m.Commands) > 0 {
		return "", s.install(ctx)
	}
	if _, err := s.g.run(ctx, s.dir, "vet", "."); err != nil {
		return "", err
	}
	program := filepath.Join(s.dir, "stranger.exe")
	if _, err := s.g.run(ctx, s.dir, "build", "-o", program, "."); err != nil {
		return "", err
	}
	if s.m.RunsOn != nil && !slices.Contains(s.m.RunsOn, runtime.GOOS) {
		return "not run on " + runtime.GOOS, nil
	}
	out, err := s.g.exec(ctx, s.dir, program)
	if err != nil {
		return "", err
	}
	name := path.Join(strangers, s.m.Dir, "output.txt")
	want, err := os.ReadFile(filepath.Join(s.w.dir, filepath.FromSlash(name)))
	if err != nil {
		return "", err
	}
	if out != string(want) {
		return "", fmt.Errorf("the program printed (+), and %s says (-):\n%s", name, difference(want, []byte(out)))
	}
	return "", nil
}

// install does what a README says: go install, with no module around.
func (s *stranger) install(ctx context.Context) error {
	outside := filepath.Join(s.dir, "outside")
	bin := filepath.Join(outside, "bin")
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	for _, c := range s.m.commands() {
		if _, err := s.g.with("GOBIN="+bin).run(ctx, outside, "install", c+"@"+Version); err != nil {
			return err
		}
	}
	var errs []error
	for _, c := range s.m.Commands {
		program := filepath.Join(bin, path.Base(c.Package))
		if runtime.GOOS == "windows" {
			program += ".exe"
		}
		out, err := s.g.exec(ctx, outside, program, c.Args...)
		if err == nil && !strings.Contains(out, c.Says) {
			err = fmt.Errorf("%s %s printed\n%s\nwithout %q", path.Base(c.Package), strings.Join(c.Args, " "), out, c.Says)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// brings returns what came along with the module.
func (s *stranger) brings(ctx context.Context) ([]byte, error) {
	packages := s.m.commands()
	if len(packages) == 0 {
		packages = []string{"."}
	}
	return brought(ctx, s.g, s.dir, packages...)
}
