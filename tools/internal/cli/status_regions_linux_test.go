package cli_test

import (
	"encoding/binary"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

// leaveRegion leaves a region of a server that knows of no lock, with areas of 64 bytes.
func leaveRegion(t *testing.T, path string, pid int) {
	t.Helper()
	b := make([]byte, 192)
	for i, v := range []uint32{0x4e53484d, 0, uint32(pid), 7, 64, 64, 128, 64} {
		binary.NativeEndian.PutUint32(b[4*i:], v)
	}
	binary.NativeEndian.PutUint16(b[4:], 3)
	binary.NativeEndian.PutUint16(b[6:], 64)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// deadPID returns the pid of a process that is no more.
func deadPID(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skip(err)
	}
	return cmd.Process.Pid
}

// status tells regions of the living, with and without a lock, from those of the dead, and clean takes the latter.
func TestStatusOfRegions(t *testing.T) {
	dir := tempDir(t)
	l, err := local.Listen(t.Context(), dir, "shared")
	if err != nil {
		t.Fatal(err)
	}
	cfg := service.ServerConfig{Supported: local.Profiles, MaxResponsePayload: 1000, Logger: slog.New(slog.DiscardHandler)}
	runServer(t, increment.NewServer(l, cfg, increment.Next))
	d, err := local.NewDialer(dir, "shared")
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Dial(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dead := deadPID(t)
	leaveRegion(t, filepath.Join(dir, "deployed-000000000000000a.ipcshm"), os.Getppid())
	leaveRegion(t, filepath.Join(dir, "killed-0000000000000001.ipcshm"), dead)
	if err := os.WriteFile(filepath.Join(dir, "killed-0000000000000002.ipcshm"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, "status", "--run-dir", dir)
	r.expect(t, 0)
	got := regexp.MustCompile(" +").ReplaceAllString(r.out, " ")
	for _, line := range []string{
		"SERVICE SESSION PROFILE OWNER MEMORY REQUEST RESPONSE",
		"shared 1 shm-hybrid " + strconv.Itoa(os.Getpid()) + " owner alive, lock held 1088 1088",
		"deployed 10 shm-hybrid " + strconv.Itoa(os.Getppid()) + " owner alive, lock free 64 64",
		"killed 1 shm-hybrid " + strconv.Itoa(dead) + " owner dead 64 64",
		"killed 2 shm-hybrid - junk 0 0",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
	r = run(t, "status", "--run-dir", dir, "-o", "json", "shared")
	r.expect(t, 0)
	for _, text := range []string{`"session": 1`, `"profile": "shm-hybrid"`, `"state": "live"`, `"lock": "held"`, `"request_capacity": 1088`, `"size": 2240`} {
		if !strings.Contains(r.out, text) {
			t.Errorf("%q is not in\n%s", text, r.out)
		}
	}
	r = run(t, "clean", "--run-dir", dir)
	r.expect(t, 0)
	want := "removed " + dir + "/killed-0000000000000001.ipcshm: shared memory of a dead server\n" +
		"removed " + dir + "/killed-0000000000000002.ipcshm: no shared memory\n"
	if r.out != want {
		t.Errorf("%q, want %q", r.out, want)
	}
	if left := names(t, dir); strings.Join(left, " ") != "deployed-000000000000000a.ipcshm shared-0000000000000001.ipcshm shared.lock shared.sock" {
		t.Errorf("left: %q", left)
	}
}
