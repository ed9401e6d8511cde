package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	dir := filepath.Join(tempDir(t), "made", "by", "serve")
	r := serve(t, dir)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the run directory: %v, %v", info.Mode(), err)
	}
	run(t, "get", "cgroups", "--no-embed", "--run-dir", dir).expect(t, 0)
	run(t, "status", "--run-dir", dir, "cgroups-snapshot").expect(t, 0)
	run(t, "serve", "--run-dir", dir).expect(t, 1, "netipc: a live provider has "+dir+"/cgroups-snapshot.sock: stop it, or give --run-dir")
	run(t, "get", "cgroups", "--no-embed", "--run-dir", dir).expect(t, 0)
	if status := r.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, r.err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for _, text := range []string{"msg=stopping", "msg=stopped", "answers=2"} {
		if !strings.Contains(r.err.String(), text) {
			t.Errorf("%q is not in the log:\n%s", text, r.err)
		}
	}
	if r.out.String() != "" {
		t.Errorf("standard output: %s", r.out)
	}
}

func TestServeNamed(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	r := launch(t, "serve", "cgroups-snapshot", "--run-dir", dir, "--log-format", "json", "--log-level", "debug")
	r.err.awaitText(t, 0, `"msg":"serving"`)
	run(t, "get", "cgroups", "--no-embed", "--run-dir", dir).expect(t, 0)
	r.err.awaitText(t, 0, `"msg":"netipc: accept"`)
	if status := r.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, r.err)
	}
}

// A run directory for others lets them through, whatever the umask; one that is there is left as it is.
func TestServeOthers(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	for _, c := range []struct {
		flag     string
		existing os.FileMode
		mode     os.FileMode
		warning  bool
	}{
		{"--allow-any-uid", 0, 0o755, false},
		{"--allow-uid=4711", 0, 0o755, false},
		{"--allow-uid=4711", 0o700, 0o700, true},
	} {
		run := filepath.Join(dir, "run")
		if c.existing != 0 {
			if err := os.Mkdir(run, c.existing); err != nil {
				t.Fatal(err)
			}
		}
		r := launch(t, "serve", c.flag, "--run-dir", run)
		r.err.awaitText(t, 0, "msg=serving")
		if info, err := os.Stat(run); err != nil || info.Mode().Perm() != c.mode {
			t.Errorf("%s: the run directory: %v, %v", c.flag, info.Mode(), err)
		}
		if info, err := os.Stat(filepath.Join(run, "cgroups-snapshot.sock")); err != nil || info.Mode().Perm() != 0o666 {
			t.Errorf("%s: the socket: %v, %v", c.flag, info.Mode(), err)
		}
		if warned := strings.Contains(r.err.String(), "cannot get into the run directory"); warned != c.warning {
			t.Errorf("%s: warned: %v:\n%s", c.flag, warned, r.err)
		}
		if status := r.interrupt(t); status != 0 {
			t.Errorf("%s: status %d: %s", c.flag, status, r.err)
		}
		if err := os.Remove(run); err != nil {
			t.Error(err)
		}
	}
}
