package repo

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Tree is a checkout as the rules see it. It is read once and never written.
type Tree struct {
	Root    string   // absolute
	Files   []string // relative to Root, with slashes, sorted: everything that is tracked or would be
	Work    *Work    // go.work
	Modules []*Module
	Sources []*Source // Go files outside testdata
}

// Load reads the checkout at root.
func Load(root string) (*Tree, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	t := &Tree{Root: root}
	if t.Files, err = listFiles(root); err != nil {
		return nil, err
	}
	if t.Work, err = loadWork(t); err != nil {
		return nil, err
	}
	for _, name := range t.Files {
		if isOrUnder(name, "go.mod") && !inTestdata(name) {
			m, err := loadModule(t, name)
			if err != nil {
				return nil, err
			}
			t.Modules = append(t.Modules, m)
		}
	}
	for _, name := range t.Files {
		if strings.HasSuffix(name, ".go") && !inTestdata(name) {
			s, err := loadSource(t, name)
			if err != nil {
				return nil, err
			}
			t.Sources = append(t.Sources, s)
		}
	}
	return t, nil
}

// Read returns the content of a file of the tree.
func (t *Tree) Read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(t.Root, filepath.FromSlash(name)))
}

// Has reports whether the tree has the file.
func (t *Tree) Has(name string) bool {
	_, found := slices.BinarySearch(t.Files, name)
	return found
}

// listFiles asks git for the files that are tracked, or new and not ignored; a tree that is not a git checkout
// is walked.
func listFiles(root string) ([]string, error) {
	var files []string
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("git ls-files in %s: %w", root, err)
		}
		for name := range bytes.SplitSeq(bytes.TrimRight(out, "\x00"), []byte{0}) {
			// A tracked file that was deleted is still listed.
			if info, err := os.Lstat(filepath.Join(root, string(name))); err == nil && info.Mode().IsRegular() {
				files = append(files, string(name))
			}
		}
	} else if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(root, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	}); err != nil {
		return nil, err
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// isOrUnder reports whether name is base at the root or in some folder.
func isOrUnder(name, base string) bool {
	return name == base || strings.HasSuffix(name, "/"+base)
}

func inTestdata(name string) bool {
	return strings.HasPrefix(name, "testdata/") || strings.Contains(name, "/testdata/")
}
