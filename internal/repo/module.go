package repo

import (
	"path"
	"strings"

	"golang.org/x/mod/modfile"
)

// Prefix is what all import paths of this repository start with.
const Prefix = "github.com/plugin-ipc/netipc"

// The folders of the modules. Released ones get versions; libraries are those that other programs import.
var (
	Libraries = []string{"codec", "transport-posix", "transport-windows", "service", "snapshot"}
	Released  = append(append([]string{}, Libraries...), "tools")
	Workspace = append(append([]string{}, Released...), "bench", "docs")
)

// Work is go.work.
type Work struct {
	*modfile.WorkFile
}

// Module is one go.mod.
type Module struct {
	Dir string // relative to the root, with slashes; "." for the root
	*modfile.File
}

// Path returns the module path.
func (m *Module) Path() string { return m.Module.Mod.Path }

// File name of the go.mod, relative to the root.
func (m *Module) file() string { return path.Join(m.Dir, "go.mod") }

func loadWork(t *Tree) (*Work, error) {
	b, err := t.Read("go.work")
	if err != nil {
		return nil, err
	}
	w, err := modfile.ParseWork("go.work", b, nil)
	if err != nil {
		return nil, err
	}
	return &Work{w}, nil
}

func loadModule(t *Tree, name string) (*Module, error) {
	b, err := t.Read(name)
	if err != nil {
		return nil, err
	}
	f, err := modfile.Parse(name, b, nil)
	if err != nil {
		return nil, err
	}
	return &Module{Dir: path.Dir(name), File: f}, nil
}

// module returns the module in the folder, or nil.
func (t *Tree) module(dir string) *Module {
	for _, m := range t.Modules {
		if m.Dir == dir {
			return m
		}
	}
	return nil
}

// owner returns the module that a file belongs to, or nil.
func (t *Tree) owner(file string) *Module {
	var best *Module
	for _, m := range t.Modules {
		if (m.Dir == "." || strings.HasPrefix(file, m.Dir+"/")) && (best == nil || len(m.Dir) > len(best.Dir)) {
			best = m
		}
	}
	return best
}

// sibling returns the folder of the module that an import path of this repository belongs to, and false for
// paths of anybody else.
func sibling(importPath string) (dir string, ok bool) {
	rest, ok := strings.CutPrefix(importPath, Prefix+"/")
	if !ok {
		return "", false
	}
	if inner, cut := strings.CutPrefix(rest, "internal/"); cut {
		dir, _, _ = strings.Cut(inner, "/")
		return "internal/" + dir, true
	}
	dir, _, _ = strings.Cut(rest, "/")
	return dir, true
}

// standard reports whether an import path is of the standard library: its first element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// within reports whether importPath is the module's path or below it.
func within(importPath, modulePath string) bool {
	return importPath == modulePath || strings.HasPrefix(importPath, modulePath+"/")
}
