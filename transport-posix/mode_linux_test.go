package posix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

func init() { roles["umask"] = umaskRole }

// umaskRole starts and ends servers under a umask that takes nothing, until it is told to stop.
func umaskRole() {
	syscall.Umask(0)
	mode, _ := strconv.ParseUint(proctest.Args()[1], 8, 32)
	proctest.Say("going")
	for range 300 {
		l, err := Listen(context.Background(), ListenConfig{
			Config: Config{RunDir: proctest.Args()[0], Service: "svc"},
			Mode:   os.FileMode(mode),
		})
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			proctest.Fail(err)
		}
	}
	proctest.Say("done")
	proctest.Hear()
}

// Whoever looks, at whatever moment, sees a socket that has its mode, and a umask that nobody has touched.
func TestModeAtEveryMoment(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o660} {
		dir := runDir(t)
		p := proctest.Start(t, "umask", dir, strconv.FormatUint(uint64(mode), 8))
		p.Await("going")
		seen := 0
		for !p.HasSaid() {
			for name, want := range map[string]os.FileMode{"svc.sock": mode, "svc.tmp": mode, "svc.lock": 0o600} {
				if there, err := os.Lstat(filepath.Join(dir, name)); err == nil {
					seen++
					if got := there.Mode().Perm(); got != want {
						t.Fatalf("%s has mode %v for a moment, want %v", name, got, want)
					}
				}
			}
			if got := status(t, p.PID(), "Umask"); got != "0000" {
				t.Fatalf("umask %s for a moment", got)
			}
		}
		if seen == 0 {
			t.Error("nothing was seen")
		}
		p.Await("done")
		p.Wait()
	}
}

// A umask that takes too much does not keep the socket from its mode either.
func TestModeUnderAUmask(t *testing.T) {
	old := syscall.Umask(0o777)
	defer syscall.Umask(old)
	cfg := fresh(t)
	os.Chmod(cfg.RunDir, 0o700)
	listening(t, ListenConfig{Config: cfg, Mode: 0o666})
	there, err := os.Lstat(cfg.socket())
	if err != nil || there.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", there, err)
	}
}

// status returns a line of a process's status file.
func status(tb testing.TB, pid int, name string) string {
	tb.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	tb.Skipf("this kernel does not tell a process's %s", name)
	return ""
}
