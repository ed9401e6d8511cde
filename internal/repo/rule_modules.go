package repo

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

func goLines(t *Tree) (bad []string, err error) {
	line := func(name string, g *modfile.Go, tc *modfile.Toolchain) {
		switch {
		case g == nil:
			bad = append(bad, name+": no go line")
		case t.Work.Go == nil || g.Version != t.Work.Go.Version:
			bad = append(bad, fmt.Sprintf("%s: go %s differs from go.work", name, g.Version))
		}
		if tc != nil {
			bad = append(bad, fmt.Sprintf("%s: toolchain %s", name, tc.Name))
		}
	}
	line("go.work", t.Work.Go, t.Work.Toolchain)
	for _, m := range t.Modules {
		line(m.file(), m.Go, m.Toolchain)
	}
	return bad, nil
}

func goWorkModules(t *Tree) (bad []string, err error) {
	listed := map[string]bool{}
	for _, use := range t.Work.Use {
		dir := path.Clean(use.Path)
		listed[dir] = true
		if !slices.Contains(Workspace, dir) {
			bad = append(bad, "go.work lists "+dir)
		}
	}
	for _, dir := range Workspace {
		if !listed[dir] {
			bad = append(bad, "go.work does not list "+dir)
		}
	}
	for _, m := range t.Modules {
		if want := path.Join(Prefix, m.Dir); m.Path() != want {
			bad = append(bad, fmt.Sprintf("%s: module %s, want %s", m.file(), m.Path(), want))
		}
		if !slices.Contains(Workspace, m.Dir) && !strings.HasPrefix(m.Dir, "internal/") {
			bad = append(bad, m.file()+": a module that is neither one of the workspace nor below internal/")
		}
	}
	return bad, nil
}

func goWorkReplaces(t *Tree) (bad []string, err error) {
	type key struct{ path, version string }
	have := map[key]bool{}
	for _, r := range t.Work.Replace {
		have[key{r.Old.Path, r.Old.Version}] = true
		dir, ours := sibling(r.Old.Path)
		switch {
		case !ours:
			bad = append(bad, "go.work replaces "+r.Old.Path+", which is not of this repository")
		case r.Old.Version == "":
			bad = append(bad, "go.work replaces "+r.Old.Path+" without a version")
		case r.New.Path != "./"+dir:
			bad = append(bad, fmt.Sprintf("go.work replaces %s with %s, want ./%s", r.Old.Path, r.New.Path, dir))
		}
	}
	for _, m := range t.Modules {
		for _, r := range m.Require {
			if _, ours := sibling(r.Mod.Path); ours && !have[key{r.Mod.Path, r.Mod.Version}] {
				bad = append(bad, fmt.Sprintf("%s requires %s, and go.work does not replace it", m.file(), r.Mod))
			}
		}
	}
	for _, dir := range Released {
		if !slices.ContainsFunc(t.Work.Replace, func(r *modfile.Replace) bool { return r.Old.Path == Prefix+"/"+dir }) {
			bad = append(bad, "go.work does not replace "+Prefix+"/"+dir)
		}
	}
	return bad, nil
}

func noReplace(t *Tree) (bad []string, err error) {
	for _, m := range t.Modules {
		for _, r := range m.Replace {
			bad = append(bad, fmt.Sprintf("%s replaces %s", m.file(), r.Old.Path))
		}
	}
	return bad, nil
}

func license(t *Tree) (bad []string, err error) {
	root, err := t.Read("LICENSE")
	if err != nil {
		return []string{"no LICENSE in the root"}, nil
	}
	for _, m := range t.Modules {
		own, err := t.Read(path.Join(m.Dir, "LICENSE"))
		switch {
		case err != nil:
			bad = append(bad, m.Dir+": no LICENSE")
		case !bytes.Equal(own, root):
			bad = append(bad, m.Dir+"/LICENSE differs from the root's")
		}
	}
	return bad, nil
}

func modulePapers(t *Tree) (bad []string, err error) {
	for _, dir := range Workspace {
		for _, name := range []string{"README.md", "CHANGELOG.md"} {
			if t.module(dir) != nil && !t.Has(dir+"/"+name) {
				bad = append(bad, dir+": no "+name)
			}
		}
	}
	return bad, nil
}

func noSiblingSums(t *Tree) (bad []string, err error) {
	for _, name := range t.Files {
		if !isOrUnder(name, "go.sum") && name != "go.work.sum" {
			continue
		}
		b, err := t.Read(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, Prefix+"/") {
				bad = append(bad, name+": "+strings.TrimSpace(line))
			}
		}
	}
	return bad, nil
}

// requires holds the direct requirements against the imports.
func requires(t *Tree) (bad []string, err error) {
	for _, m := range t.Modules {
		imported := map[string]string{} // import path → a file that imports it
		for _, s := range t.Sources {
			if t.owner(s.Name) != m {
				continue
			}
			for _, imp := range s.Imports {
				if !standard(imp) && !within(imp, m.Path()) {
					imported[imp] = s.Name
				}
			}
		}
		for _, tool := range m.Tool {
			imported[tool.Path] = m.file()
		}
		if len(imported) == 0 && !t.hasSources(m) {
			continue // its first file is yet to come
		}
		for imp, file := range imported {
			if !slices.ContainsFunc(m.Require, func(r *modfile.Require) bool { return within(imp, r.Mod.Path) }) {
				bad = append(bad, fmt.Sprintf("%s imports %s, and %s does not require it", file, imp, m.file()))
			}
		}
		for _, r := range m.Require {
			used := false
			for imp := range imported {
				used = used || within(imp, r.Mod.Path)
			}
			if !used && !r.Indirect {
				bad = append(bad, fmt.Sprintf("%s requires %s, and nothing imports it", m.file(), r.Mod.Path))
			}
		}
	}
	slices.Sort(bad)
	return bad, nil
}

func (t *Tree) hasSources(m *Module) bool {
	return slices.ContainsFunc(t.Sources, func(s *Source) bool { return t.owner(s.Name) == m })
}

const xsys = "golang.org/x/sys"

var testThirdParty = []string{"github.com/google/go-cmp", "pgregory.net/rapid"}

func thirdParty(t *Tree) (bad []string, err error) {
	for _, dir := range Libraries {
		m := t.module(dir)
		if m == nil {
			continue
		}
		for _, r := range m.Require {
			_, ours := sibling(r.Mod.Path)
			if !ours && r.Mod.Path != xsys && !slices.Contains(testThirdParty, r.Mod.Path) {
				bad = append(bad, m.file()+" requires "+r.Mod.Path)
			}
		}
	}
	for _, s := range t.Sources {
		m := t.owner(s.Name)
		if m == nil || !slices.Contains(Libraries, m.Dir) {
			continue
		}
		for _, imp := range s.Imports {
			_, ours := sibling(imp)
			switch {
			case standard(imp), ours:
			case within(imp, xsys) && m.Dir != "codec":
			case s.Test && slices.ContainsFunc(testThirdParty, func(p string) bool { return within(imp, p) }):
			default:
				bad = append(bad, s.Name+" imports "+imp)
			}
		}
	}
	return bad, nil
}
