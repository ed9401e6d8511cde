package vectortest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Env is the environment variable that names the directory of vectors: an absolute path, or one relative to the
// directory of the test or to the root of the repository.
const Env = "NETIPC_VECTORS"

// Subdirectories are those that a directory of vectors may have.
var Subdirectories = []string{"codec", "oracle", "derive", "negotiation", "shm", "transcripts"}

// Dir returns the directory of vectors. Where there is none it skips the test; but fails it when NETIPC_VECTORS
// names one that is not there, and in the repository's own CI (CI=true). It also fails the test when the
// directory has a subdirectory that nobody knows, or none that somebody does.
func Dir(tb testing.TB) string {
	tb.Helper()
	d, err := find(os.Getenv(Env), ".")
	if err != nil {
		tb.Fatal(err)
	}
	if d.path == "" {
		if d.due && inCI() {
			tb.Fatalf("no vectors: %s, and %s names no other directory", d.why, Env)
		}
		tb.Skipf("no vectors: %s, and %s names no other directory", d.why, Env)
	}
	return d.path
}

// place is where vectors are, or why they are not.
type place struct {
	path     string
	complete bool   // what its README lists must be there
	due      bool   // not there, although this is the repository
	why      string // not there
}

// find looks for vectors as a test in the directory from would. The error says what is wrong with those found.
func find(env, from string) (place, error) {
	root, ok := repository(from)
	if env != "" {
		if ok && !filepath.IsAbs(env) && !exists(env) {
			env = filepath.Join(root, env)
		}
		return place{path: env}, known(env)
	}
	if !ok {
		return place{why: "this is not a checkout of the repository"}, nil
	}
	dir := filepath.Join(filepath.Dir(root), "shared", "vectors")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return place{due: true, why: "shared/vectors is not beside the repository"}, nil
	}
	return place{path: dir, complete: true}, known(dir)
}

// repository returns the root of the checkout that a directory lies in: go.work is there, and this module.
func repository(from string) (string, bool) {
	dir, err := filepath.Abs(from)
	if err != nil {
		return "", false
	}
	for {
		if exists(filepath.Join(dir, "go.work")) && exists(filepath.Join(dir, "codec", "vectortest")) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// known says what is wrong with the subdirectories of dir.
func known(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	some := false
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if !slices.Contains(Subdirectories, e.Name()) {
			return errors.New(dir + ": nobody judges what is in " + e.Name() + "; known are " + strings.Join(Subdirectories, ", "))
		}
		some = true
	}
	if !some {
		return errors.New(dir + ": none of " + strings.Join(Subdirectories, ", ") + " is there")
	}
	return nil
}

func inCI() bool {
	switch os.Getenv("CI") {
	case "", "0", "false":
		return false
	}
	return true
}
