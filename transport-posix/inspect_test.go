package posix

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// peopled makes a run directory with something of each kind in it. pid is that of a server that was killed.
func peopled(t *testing.T) (dir string, pid int) {
	dir = runDir(t)
	path := func(name string) string { return dir + "/" + name }
	listening(t, ListenConfig{Config: Config{dir, "alive"}})
	startDeployed(t, path("deployed.sock"), 5)
	stale(t, path("dead.sock"))
	for _, step := range []string{"2", "5"} {
		p := proctest.Start(t, "start", dir, "killed"+step, step)
		p.Await("there")
		p.Kill9()
		pid = p.PID()
	}
	for name, text := range map[string]string{
		"regular.sock": "", "foreign.lock": "", "foreign.tmp": "", "a b.sock": "", "readme": "",
		"other.lock": "pid 7\n",
	} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("dead.sock", path("link.sock")); err != nil {
		t.Fatal(err)
	}
	return dir, pid
}

func TestInspect(t *testing.T) {
	dir, pid := peopled(t)
	got, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	us := link.Peer{Known: true, PID: os.Getpid(), UID: uint32(os.Getuid()), GID: uint32(os.Getgid())}
	want := []Endpoint{
		{Service: "alive", Socket: dir + "/alive.sock", State: StateAlive, Owner: us, Lock: LockHeld, LockPID: os.Getpid()},
		{Service: "dead", Socket: dir + "/dead.sock", State: StateStale, Lock: LockAbsent},
		{Service: "deployed", Socket: dir + "/deployed.sock", State: StateAlive, Owner: us, Lock: LockAbsent},
		{Service: "killed2", Socket: dir + "/killed2.sock", State: StateAbsent, Lock: LockFree, Leftovers: []string{dir + "/killed2.tmp"}},
		{Service: "killed5", Socket: dir + "/killed5.sock", State: StateAbsent, Lock: LockFree, LockPID: pid, Leftovers: []string{dir + "/killed5.old"}},
	}
	for i := range got {
		if got[i].Owner.PID == 0 { // where the system does not tell
			got[i].Owner.PID = want[min(i, len(want)-1)].Owner.PID
		}
		if got[i].Service == "killed2" && got[i].LockPID > 0 {
			got[i].LockPID = 0
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Inspect (-want +got):\n%s", diff)
	}
	if _, err := Inspect(dir + "/missing"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "inspect "+dir) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func TestClean(t *testing.T) {
	dir, _ := peopled(t)
	before := files(t, dir)
	want := []Removed{
		{"dead", dir + "/dead.sock", "stale socket"},
		{"killed2", dir + "/killed2.tmp", "unfinished socket"},
		{"killed2", dir + "/killed2.lock", "lock file of a dead server"},
		{"killed5", dir + "/killed5.old", "unfinished socket"},
		{"killed5", dir + "/killed5.lock", "lock file of a dead server"},
	}
	for _, dryRun := range []bool{true, false} {
		got, err := Clean(dir, dryRun)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Clean, dry run %v (-want +got):\n%s", dryRun, diff)
		}
		if dryRun {
			wantFiles(t, dir, before...)
		}
	}
	wantFiles(t, dir, "a b.sock", "alive.lock", "alive.sock", "deployed.sock", "foreign.lock", "foreign.tmp",
		"link.sock", "other.lock", "readme", "regular.sock")
	if got, err := Clean(dir, false); err != nil || len(got) > 0 {
		t.Errorf("again: %v, %v", got, err)
	}
	if _, err := Clean(dir+"/missing", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

// What looked dead is looked at again under the lock.
func TestCleanLooksAgain(t *testing.T) {
	cfg := fresh(t)
	stale(t, cfg.socket())
	all, err := Inspect(cfg.RunDir)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	l := listening(t, ListenConfig{Config: cfg})
	if gone, err := all[0].clean(cfg.RunDir, all[0].rubbish()); err != nil || len(gone) > 0 {
		t.Errorf("while a server of ours lives: %v, %v", gone, err)
	}
	l.Close()
	startDeployed(t, cfg.socket(), 5)
	if gone, err := all[0].clean(cfg.RunDir, all[0].rubbish()); err != nil || len(gone) > 0 {
		t.Errorf("while a deployed server lives: %v, %v", gone, err)
	}
	wantAlive(t, cfg.socket())
	wantFiles(t, cfg.RunDir, "svc.sock")
}

// Looking at a lock keeps nobody from starting.
func TestInspectWhileStarting(t *testing.T) {
	cfg := fresh(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := Inspect(cfg.RunDir); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 200 {
		listening(t, ListenConfig{Config: cfg}).Close()
	}
	close(stop)
	<-stopped
	if !sys.Supported {
		t.Skip()
	}
}
