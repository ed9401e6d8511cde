//go:build linux || freebsd

package cli_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
)

// leave leaves the socket of a dead server.
func leave(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestStatus(t *testing.T) {
	dir := tempDir(t)
	r := run(t, "status", "--run-dir", dir)
	r.expect(t, 0)
	if r.out != "nothing in "+dir+"\n" {
		t.Errorf("%q", r.out)
	}
	r = run(t, "status", "--run-dir", filepath.Join(dir, "none"))
	r.expect(t, 0)
	if r.out != "nothing in "+dir+"/none\n" {
		t.Errorf("%q", r.out)
	}

	provide(t, dir, answer(payload.Snapshot{}))
	provideIncrement(t, dir, "increment", increment.Next)
	leave(t, filepath.Join(dir, "killed.sock"))
	leave(t, filepath.Join(dir, "killed.tmp"))
	if err := os.WriteFile(filepath.Join(dir, "killed.lock"), []byte("netipc server, pid 4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	r = run(t, "status", "--run-dir", dir)
	r.expect(t, 0)
	me, uid, gid := strconv.Itoa(os.Getpid()), strconv.Itoa(os.Geteuid()), strconv.Itoa(os.Getegid())
	squeezed := regexp.MustCompile(" +").ReplaceAllString(r.out, " ") // columns are as wide as the pid is long
	golden(t, "status.txt", strings.ReplaceAll(squeezed, " "+me+" "+uid+" ", " PID UID "))

	r = run(t, "status", "--run-dir", dir, "-o", "json")
	r.expect(t, 0)
	golden(t, "status.json", strings.NewReplacer(`"pid": `+me, `"pid": PID`, `_pid": `+me, `_pid": PID`,
		`"uid": `+uid, `"uid": UID`, `"gid": `+gid, `"gid": GID`, dir, "RUNDIR").Replace(r.out))
	if !json.Valid([]byte(r.out)) {
		t.Error("not JSON")
	}

	run(t, "status", "--run-dir", dir, "cgroups-snapshot", "increment").expect(t, 0)
	r = run(t, "status", "--run-dir", dir, "cgroups-snapshot", "killed", "nobody")
	r.expect(t, 3, "netipc: not alive in "+dir+": killed, nobody")
	if strings.Contains(r.out, "increment") {
		t.Errorf("was not asked for:\n%s", r.out)
	}
}

func TestClean(t *testing.T) {
	dir := tempDir(t)
	for _, d := range []string{dir, filepath.Join(dir, "none")} {
		r := run(t, "clean", "--run-dir", d)
		r.expect(t, 0)
		if r.out != "nothing to remove in "+d+"\n" {
			t.Errorf("%q", r.out)
		}
	}
	provideIncrement(t, dir, "alive", func(context.Context, uint64) (uint64, error) { return 0, nil })
	leave(t, filepath.Join(dir, "killed.sock"))
	if err := os.WriteFile(filepath.Join(dir, "killed.lock"), []byte("netipc server, pid 4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	want := []string{dir + "/killed.sock: stale socket", dir + "/killed.lock: lock file of a dead server"}
	for _, dry := range []bool{true, false} {
		args, verb := []string{"clean", "--run-dir", dir}, "removed "
		if dry {
			args, verb = append(args, "--dry-run"), "would remove "
		}
		r := run(t, args...)
		r.expect(t, 0)
		for _, w := range want {
			if !strings.Contains(r.out, verb+w+"\n") {
				t.Errorf("%q is not in\n%s", verb+w, r.out)
			}
		}
		left := names(t, dir)
		if dry && strings.Join(left, " ") != strings.Join(before, " ") {
			t.Errorf("a dry run left %q of %q", left, before)
		}
		if !dry && strings.Join(left, " ") != "alive.lock alive.sock" {
			t.Errorf("left: %q", left)
		}
	}
	r := run(t, "clean", "--run-dir", dir, "-o", "json")
	r.expect(t, 0)
	if r.out != "{\n  \"run_dir\": \""+dir+"\",\n  \"dry_run\": false,\n  \"removed\": []\n}\n" {
		t.Error(r.out)
	}
}

// Run directories that cannot be any.
func TestBadRunDirs(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 200))
	for _, command := range []string{"serve", "get cgroups", "get cgroups --watch 1s", "ping", "status", "clean"} {
		r := run(t, append(strings.Fields(command), "--run-dir", file)...)
		r.expect(t, 1, file, "directory", "--run-dir")
		r = run(t, append(strings.Fields(command), "--run-dir", file+"/below")...)
		r.expect(t, 1, file, "directory", "--run-dir")
		switch command {
		case "status", "clean":
		default:
			r = run(t, append(strings.Fields(command), "--run-dir", long)...)
			r.expect(t, 1, long, "shorter run directory")
		}
	}
	if os.Geteuid() == 0 {
		t.Log("root may write everywhere: a directory that is closed to others is not tried")
		return
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--run-dir", closed).expect(t, 1, closed, "permission denied", "--run-dir")
	run(t, "serve", "--run-dir", filepath.Join(closed, "new")).expect(t, 1, closed, "permission denied", "--run-dir")
}
