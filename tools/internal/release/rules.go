package release

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// rules says what about a module's own files would make its release a bad one.
func (w *workspace) rules(m *member) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	root, err := readFile(filepath.Join(w.dir, "LICENSE"))
	if err != nil {
		return err
	}
	own, err := readFile(filepath.Join(w.dir, m.Dir, "LICENSE"))
	if err != nil {
		return err
	}
	switch {
	case own == nil:
		bad("%s has no LICENSE: whether its zip then has that of the root depends on who packs it, and so does its hash. Copy the root's", m.Dir)
	case !bytes.Equal(own, root):
		bad("%s/LICENSE is another than that of the root", m.Dir)
	}
	for _, r := range m.file.Replace {
		bad("%s/go.mod replaces %s: `go install %s/...@version` is then refused, and whoever imports the module gets something else. Replaces stand in go.work", m.Dir, r.Old.Path, m.path)
	}
	for _, x := range m.file.Exclude {
		bad("%s/go.mod excludes %s: `go install %s/...@version` is then refused, and who imports the module may get it", m.Dir, x.Mod, m.path)
	}
	for _, r := range m.file.Require {
		if !w.sibling(r.Mod.Path) {
			continue
		}
		s := w.module(r.Mod.Path)
		switch {
		case s == nil || !s.Released:
			bad("%s/go.mod requires %s, which is not released", m.Dir, r.Mod.Path)
		case w.versions[r.Mod.Path] != r.Mod.Version:
			bad("%s/go.mod requires %s, and go.work has %q on disk", m.Dir, r.Mod, w.versions[r.Mod.Path])
		}
	}
	for line := range strings.Lines(string(m.gosum)) {
		if w.sibling(line) {
			bad("%s/go.sum has a hash of a module of this repository, which will be wrong at its next commit; only a release writes them. Remove the line: %s", m.Dir, strings.TrimSpace(line))
		}
	}
	return errors.Join(errs...)
}
