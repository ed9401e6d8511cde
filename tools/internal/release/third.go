package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// fetch sees to it that the module cache has the third-party modules that the go.mod and go.sum files name. Those
// that it lacks are downloaded as the user's go command does it, checksum database and all.
func (w *workspace) fetch(ctx context.Context, cache, scratch, proxy string) error {
	var lack []string
	for _, m := range w.modules {
		versions, err := w.lacking(m, cache)
		if err != nil {
			return err
		}
		lack = append(lack, versions...)
	}
	if len(lack) == 0 {
		return nil
	}
	slices.Sort(lack)
	lack = slices.Compact(lack)
	if _, err := userGo(ctx, scratch, append([]string{"mod", "download"}, lack...)...); err != nil {
		return fmt.Errorf("the module cache lacks what go.mod and go.sum files name, and it could not be downloaded (GOPROXY=%s): do this once with a network, or say in GOPROXY where modules are to be had\n%w", proxy, err)
	}
	return nil
}

// lacking returns the path@version of each third-party module that a member names and the cache lacks.
func (w *workspace) lacking(m *member, cache string) (lack []string, err error) {
	need := map[module.Version]string{} // the file that has to be there
	for _, r := range m.file.Require {
		need[r.Mod] = ".zip"
	}
	for line := range strings.Lines(string(m.gosum)) {
		words := strings.Fields(line)
		if len(words) != 3 {
			continue
		}
		version, onlyMod := strings.CutSuffix(words[1], "/go.mod")
		v := module.Version{Path: words[0], Version: version}
		if !onlyMod {
			need[v] = ".zip"
		} else if need[v] == "" {
			need[v] = ".mod"
		}
	}
	for v, suffix := range need {
		if w.sibling(v.Path) {
			continue
		}
		name, err := proxyFile(cache, v, suffix)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Dir, err)
		}
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			lack = append(lack, v.String())
		} else if err != nil {
			return nil, err
		}
	}
	return lack, nil
}

// proxyFile returns where a proxy on the file system, which a module cache is too, has a file of a module.
func proxyFile(proxy string, v module.Version, suffix string) (string, error) {
	path, err := module.EscapePath(v.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(v.Version)
	if err != nil {
		return "", err
	}
	return filepath.Join(proxy, filepath.FromSlash(path), "@v", version+suffix), nil
}
