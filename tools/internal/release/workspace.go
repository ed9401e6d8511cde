package release

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// workspace is the modules of a tree, as its go.work and their go.mod files have them.
type workspace struct {
	dir      string
	prefix   string            // of all module paths: that of the module in folder x is prefix/x
	modules  []*member         // each behind those that it requires
	versions map[string]string // by path: those that go.work has on disk
}

// member is a module, and what has become of it.
type member struct {
	Entry
	path    string
	gomod   []byte // as they are in the tree
	gosum   []byte
	file    *modfile.File
	missing string // why it is not to be had from the proxy
}

// loadWorkspace reads the modules of the table.
func loadWorkspace(dir string, table []Entry) (*workspace, error) {
	b, err := os.ReadFile(filepath.Join(dir, "go.work"))
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork("go.work", b, nil)
	if err != nil {
		return nil, err
	}
	if err := sameModules(work, table); err != nil {
		return nil, err
	}
	w := &workspace{dir: dir, versions: map[string]string{}}
	for _, r := range work.Replace {
		w.versions[r.Old.Path] = r.Old.Version
	}
	for _, entry := range table {
		m, err := loadModule(dir, entry)
		if err != nil {
			return nil, err
		}
		prefix, ok := strings.CutSuffix(m.path, "/"+entry.Dir)
		if w.prefix == "" {
			w.prefix = prefix
		}
		if !ok || prefix != w.prefix {
			return nil, fmt.Errorf("%s/go.mod: module %s: want %s", entry.Dir, m.path, path.Join(w.prefix, entry.Dir))
		}
		w.modules = append(w.modules, m)
	}
	w.modules, err = w.leavesFirst()
	return w, err
}

// sameModules: go.work lists the modules of the table.
func sameModules(work *modfile.WorkFile, table []Entry) error {
	var errs []error
	used := map[string]bool{}
	for _, use := range work.Use {
		dir := path.Clean(use.Path)
		used[dir] = true
		if !slices.ContainsFunc(table, func(e Entry) bool { return e.Dir == dir }) {
			errs = append(errs, fmt.Errorf("go.work uses %s, which the table of modules (tools/internal/release/table.go) does not have", dir))
		}
	}
	for _, e := range table {
		if !used[e.Dir] {
			errs = append(errs, fmt.Errorf("go.work does not use %s, which the table of modules (tools/internal/release/table.go) has", e.Dir))
		}
	}
	return errors.Join(errs...)
}

func loadModule(dir string, entry Entry) (*member, error) {
	m := &member{Entry: entry}
	var err error
	if m.gomod, err = os.ReadFile(filepath.Join(dir, entry.Dir, "go.mod")); err != nil {
		return nil, err
	}
	if m.gosum, err = readFile(filepath.Join(dir, entry.Dir, "go.sum")); err != nil {
		return nil, err
	}
	if m.file, err = modfile.Parse(entry.Dir+"/go.mod", m.gomod, nil); err != nil {
		return nil, err
	}
	if m.file.Module == nil {
		return nil, fmt.Errorf("%s/go.mod: no module line", entry.Dir)
	}
	m.path = m.file.Module.Mod.Path
	return m, nil
}

// sibling reports whether a module path is of this repository.
func (w *workspace) sibling(path string) bool { return strings.HasPrefix(path, w.prefix+"/") }

// module returns the module with that path, or nil.
func (w *workspace) module(path string) *member {
	for _, m := range w.modules {
		if m.path == path {
			return m
		}
	}
	return nil
}

// siblings returns the modules of the repository that one requires.
func (w *workspace) siblings(m *member) (all []*member) {
	for _, r := range m.file.Require {
		if s := w.module(r.Mod.Path); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// leavesFirst sorts the modules so that each stands behind those that it requires, and else where the table has
// it.
func (w *workspace) leavesFirst() ([]*member, error) {
	var sorted []*member
	var visit func(m *member, way []string) error
	visit = func(m *member, way []string) error {
		if slices.Contains(way, m.Dir) {
			return fmt.Errorf("the modules require each other in a circle, and can never be released: %s", strings.Join(append(way, m.Dir), " → "))
		}
		if slices.Contains(sorted, m) {
			return nil
		}
		for _, s := range w.siblings(m) {
			if err := visit(s, append(way, m.Dir)); err != nil {
				return err
			}
		}
		sorted = append(sorted, m)
		return nil
	}
	for _, m := range w.modules {
		if err := visit(m, nil); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}
