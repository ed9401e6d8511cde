package release

import (
	"strings"

	"golang.org/x/mod/modfile"
)

// Version is that of all modules while they are tried. It is lower than any that is released.
const Version = "v0.0.0-verify.1"

// forVerify returns a go.mod that requires the modules of the repository at Version, and nothing that only a
// checkout has.
func (w *workspace) forVerify(gomod []byte) ([]byte, error) {
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range f.Require {
		if w.sibling(r.Mod.Path) {
			if err := f.AddRequire(r.Mod.Path, Version); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range f.Replace {
		if err := f.DropReplace(r.Old.Path, r.Old.Version); err != nil {
			return nil, err
		}
	}
	f.Cleanup()
	return f.Format()
}

// forTree is the way back: the versions of the repository's modules are those of the module before, or what
// go.work has on disk.
func (w *workspace) forTree(m *member, gomod []byte) ([]byte, error) {
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return nil, err
	}
	had := map[string]string{}
	for _, r := range m.file.Require {
		had[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range f.Require {
		if !w.sibling(r.Mod.Path) {
			continue
		}
		version := had[r.Mod.Path]
		if version == "" {
			version = w.versions[r.Mod.Path]
		}
		if version != "" {
			if err := f.AddRequire(r.Mod.Path, version); err != nil {
				return nil, err
			}
		}
	}
	f.Cleanup()
	return f.Format()
}

// thirdPartySums returns a go.sum without the lines of the repository's modules.
func (w *workspace) thirdPartySums(gosum []byte) []byte {
	var kept strings.Builder
	for line := range strings.Lines(string(gosum)) {
		if !w.sibling(line) {
			kept.WriteString(line)
		}
	}
	return []byte(kept.String())
}
