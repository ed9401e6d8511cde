package rundir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/tools/internal/rundir"
)

func TestMake(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for _, mode := range []os.FileMode{rundir.Closed, rundir.Open} { // the second time it is there
		if err := rundir.Make(dir, mode); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != rundir.Closed && os.PathSeparator == '/' {
			t.Errorf("%v, %v", info, err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, filepath.Join(file, "below"), ""} {
		if err := rundir.Make(bad, rundir.Closed); err == nil {
			t.Errorf("%q: no error", bad)
		} else {
			t.Log(err)
		}
	}
}

// A private directory's sockets have an address, wherever the system keeps temporary files.
func TestPrivate(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, temp := range []string{os.TempDir(), long} {
		t.Setenv("TMPDIR", temp)
		dir, err := rundir.Private()
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if info, err := os.Stat(dir); err != nil || os.PathSeparator == '/' && (info.Mode().Perm() != 0o700 || len(dir) > 80) {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}
