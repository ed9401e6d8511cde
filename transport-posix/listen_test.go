package posix

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// files lists a directory.
func files(tb testing.TB, dir string) (names []string) {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func wantFiles(tb testing.TB, dir string, want ...string) {
	tb.Helper()
	if got := files(tb, dir); !slices.Equal(got, want) {
		tb.Errorf("in the run directory: %q, want %q", got, want)
	}
}

// deployed is a server as deployed peers make it: bound in place, and without a lock.
type deployed struct {
	tb   testing.TB
	fd   int
	path string
}

func bindDeployed(path string) (fd int, err error) {
	if fd, err = sys.Socket(); err != nil {
		return -1, err
	}
	if err = sys.Bind(fd, path); err != nil {
		sys.Close(fd)
		return -1, err
	}
	return fd, nil
}

func startDeployed(tb testing.TB, path string, backlog int) *deployed {
	tb.Helper()
	fd, err := bindDeployed(path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := sys.Listen(fd, backlog); err != nil {
		tb.Fatal(err)
	}
	d := &deployed{tb, fd, path}
	tb.Cleanup(d.kill)
	return d
}

// kill ends it as a kill -9 does: its socket stays in the file system.
func (d *deployed) kill() {
	if d.fd >= 0 {
		sys.Close(d.fd)
		d.fd = -1
	}
}

// stale puts a socket there that nobody serves, and has not for a while.
func stale(tb testing.TB, path string) {
	tb.Helper()
	startDeployed(tb, path, 1).kill()
	age(tb, path)
}

// age makes a file look old.
func age(tb testing.TB, path string) {
	tb.Helper()
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(path, old, old); err != nil {
		tb.Fatal(err)
	}
}

func wantAlive(tb testing.TB, path string) {
	tb.Helper()
	if p := probe(path); p.finding != serving {
		tb.Errorf("%s: %v, want a live server", path, states[p.finding])
	}
}

func wantInUse(tb testing.TB, cfg Config) {
	tb.Helper()
	l, err := Listen(tb.Context(), ListenConfig{Config: cfg})
	if err == nil {
		l.Close()
	}
	if !errors.Is(err, link.ErrAddrInUse) {
		tb.Errorf("listen: %v, want %v", err, link.ErrAddrInUse)
	}
}

func TestListenLeavesNothing(t *testing.T) {
	cfg := fresh(t)
	for range 3 {
		l := listening(t, ListenConfig{Config: cfg})
		wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
		wantAlive(t, cfg.socket())
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wantFiles(t, cfg.RunDir)
	}
}

func TestSessionsOutliveTheListenerAndTheSocketFile(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	c := connected(t, cfg)
	s := accepted(t, l).conn
	l.Close()
	if err := c.WritePacket([]byte("x"), patience()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.ReadPacket(nil, 10, patience()); err != nil {
		t.Fatal(err)
	}
}

func TestListenInUse(t *testing.T) {
	t.Run("by ours", func(t *testing.T) {
		cfg := fresh(t)
		listening(t, ListenConfig{Config: cfg})
		wantInUse(t, cfg)
		wantAlive(t, cfg.socket())
		wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
	})
	t.Run("by a deployed one", func(t *testing.T) {
		cfg := fresh(t)
		startDeployed(t, cfg.socket(), 5)
		wantInUse(t, cfg)
		wantAlive(t, cfg.socket())
		wantFiles(t, cfg.RunDir, "svc.sock")
	})
	t.Run("by one with a full queue", func(t *testing.T) {
		cfg := fresh(t)
		startDeployed(t, cfg.socket(), 0)
		fillQueue(t, cfg.socket())
		wantInUse(t, cfg)
		wantFiles(t, cfg.RunDir, "svc.sock")
	})
	t.Run("says by whom", func(t *testing.T) {
		cfg := fresh(t)
		listening(t, ListenConfig{Config: cfg})
		_, err := Listen(t.Context(), ListenConfig{Config: cfg})
		if err == nil || !strings.Contains(err.Error(), "uid") || !strings.Contains(err.Error(), cfg.socket()) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("lock held by one who does not serve", func(t *testing.T) {
		cfg := fresh(t)
		lockPath, _ := LockPath(cfg.RunDir, cfg.Service)
		lock, err := takeLock(lockPath)
		if err != nil {
			t.Fatal(err)
		}
		wantInUse(t, cfg)
		if err := lock.release(); err != nil {
			t.Error(err)
		}
		listening(t, ListenConfig{Config: cfg})
	})
}

// fillQueue connects until the queue of a server takes no more.
func fillQueue(tb testing.TB, path string) {
	tb.Helper()
	for {
		fd, err := sys.Socket()
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { sys.Close(fd) })
		switch err := sys.Connect(fd, path); {
		case errors.Is(err, syscall.EAGAIN):
			return
		case err != nil:
			tb.Skipf("the queue shows in another way here: %v", err)
		}
	}
}

func TestDeadThingsAreReplaced(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"stale socket":     func(path string) error { stale(t, path); return nil },
		"young socket":     func(path string) error { startDeployed(t, path, 1).kill(); return nil },
		"regular file":     func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"link to nothing":  func(path string) error { return os.Symlink("nothing", path) },
		"link to the dead": func(path string) error { stale(t, path+"2"); return os.Symlink("svc.sock2", path) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := fresh(t)
			if err := put(cfg.socket()); err != nil {
				t.Fatal(err)
			}
			l := listening(t, ListenConfig{Config: cfg})
			wantAlive(t, cfg.socket())
			l.Close()
			if names := files(t, cfg.RunDir); slices.Contains(names, "svc.sock") || slices.Contains(names, "svc.lock") {
				t.Errorf("left: %q", names)
			}
		})
	}
}

func TestLinkToALiveServerIsLeftAlone(t *testing.T) {
	cfg := fresh(t)
	startDeployed(t, cfg.socket()+"2", 5)
	if err := os.Symlink("svc.sock2", cfg.socket()); err != nil {
		t.Fatal(err)
	}
	wantInUse(t, cfg)
	wantAlive(t, cfg.socket())
}

func TestDirectoryIsNotReplaced(t *testing.T) {
	cfg := fresh(t)
	if err := os.Mkdir(cfg.socket(), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), ListenConfig{Config: cfg}); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("error %v", err)
	}
	wantFiles(t, cfg.RunDir, "svc.sock")
}

func TestRunDirMissing(t *testing.T) {
	cfg := fresh(t)
	cfg.RunDir += "/missing"
	_, err := Listen(t.Context(), ListenConfig{Config: cfg})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "run directory") {
		t.Errorf("error %v", err)
	}
}

// A deployed server that has bound its socket and not yet said listen looks dead for that moment.
func TestYoungSocketGetsItsTime(t *testing.T) {
	for range 20 {
		cfg := fresh(t)
		fd, err := bindDeployed(cfg.socket())
		if err != nil {
			t.Fatal(err)
		}
		result := make(chan error, 1)
		go func() {
			l, err := Listen(context.Background(), ListenConfig{Config: cfg})
			if err == nil {
				l.Close()
			}
			result <- err
		}()
		lock, _ := LockPath(cfg.RunDir, cfg.Service)
		linktest.Eventually(t, "the other server looks", func() bool {
			_, err := os.Lstat(lock)
			return err == nil || len(result) > 0
		})
		err = sys.Listen(fd, 5)
		if err == nil {
			err = linktest.Await(t, "Listen", result)
		}
		sys.Close(fd)
		if errors.Is(err, link.ErrAddrInUse) {
			return
		}
		t.Logf("this machine is slow: %v", err) // the socket was old before it listened
	}
	t.Error("a socket that was about to listen was taken for dead each time")
}

func TestCloseRemovesOnlyItsOwn(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	if err := os.Rename(cfg.socket(), cfg.socket()+".away"); err != nil {
		t.Fatal(err)
	}
	startDeployed(t, cfg.socket(), 5)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wantAlive(t, cfg.socket())
	wantFiles(t, cfg.RunDir, "svc.sock", "svc.sock.away")
}

// Somebody comes between the look and the hand: what was put there meanwhile is given back.
func TestRemoveGivesBackWhatIsNew(t *testing.T) {
	cfg := fresh(t)
	stale(t, cfg.socket())
	dead, err := os.Lstat(cfg.socket())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(cfg.socket()); err != nil {
		t.Fatal(err)
	}
	startDeployed(t, cfg.socket(), 5)
	aside, _ := asidePath(cfg.RunDir, cfg.Service)
	if removed, err := remove(cfg.socket(), aside, dead); removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	wantAlive(t, cfg.socket())
	wantFiles(t, cfg.RunDir, "svc.sock")
}

// A server that knows of no lock takes the place after ours has looked.
func TestPublishReplacesNothing(t *testing.T) {
	cfg := fresh(t)
	p, err := newPlace(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.take(t.Context()), p.bind(0o600)); err != nil {
		t.Fatal(err)
	}
	other := startDeployed(t, cfg.socket(), 5)
	if err := p.publish(t.Context()); !errors.Is(err, link.ErrAddrInUse) {
		t.Errorf("publish: %v", err)
	}
	wantAlive(t, cfg.socket())
	other.kill()
	if err := p.publish(t.Context()); err != nil { // it was there for a moment only
		t.Errorf("publish: %v", err)
	}
	wantAlive(t, cfg.socket())
	if err := p.leave(); err != nil {
		t.Error(err)
	}
	wantFiles(t, cfg.RunDir)
}

func TestLongestPath(t *testing.T) {
	dir := runDir(t)
	limit := maxSocketPath("linux")
	if !sys.Supported || dir == "" {
		t.Skip()
	}
	long := dir + "/" + strings.Repeat("d", limit-len(dir)-len("//s.sock"))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := Config{RunDir: long, Service: "s"}
	if n := len(cfg.socket()); n != limit {
		t.Fatalf("%d bytes", n)
	}
	stale(t, cfg.socket())
	l := listening(t, ListenConfig{Config: cfg})
	linktest.Connect(t, l, dialing(t, cfg), link.Proposal{}, link.Settings{})
	l.Close()
	wantFiles(t, long)
	cfg.Service = "ss"
	if _, err := Listen(t.Context(), ListenConfig{Config: cfg}); !errors.Is(err, ErrPathTooLong) {
		t.Errorf("listen: %v", err)
	}
	if _, err := NewDialer(DialConfig{Config: cfg}); !errors.Is(err, ErrPathTooLong) {
		t.Errorf("dial: %v", err)
	}
}

// Spellings of a run directory that mean something else to others.
func TestOddRunDirs(t *testing.T) {
	dir := runDir(t)
	t.Chdir(dir)
	for _, d := range []string{"@at", " ", "-", "a//b", "a/./b/..", "é\xff"} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
		cfg := Config{RunDir: d, Service: "svc"}
		listening(t, ListenConfig{Config: cfg})
		connected(t, cfg)
		if _, err := os.Lstat(filepath.Join(dir, d, "svc.sock")); err != nil {
			t.Errorf("run directory %q: %v", d, err)
		}
	}
}

// The lock excludes, although its file comes and goes with each owner.
func TestLockExcludes(t *testing.T) {
	dir := runDir(t)
	path := dir + "/svc.lock"
	var inside, got atomic.Int64
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for got.Load() < 300 {
				lock, err := takeLock(path)
				if errors.Is(err, errLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				got.Add(1)
				inside.Add(-1)
				if err := lock.release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	wantFiles(t, dir)
}

func TestLockFollowsNoLink(t *testing.T) {
	cfg := fresh(t)
	victim := filepath.Join(cfg.RunDir, "victim")
	if err := os.WriteFile(victim, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("victim", filepath.Join(cfg.RunDir, "svc.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), ListenConfig{Config: cfg}); err == nil {
		t.Error("a link was taken for a lock file")
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "keep" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestListenCancelled(t *testing.T) {
	cfg := fresh(t)
	lockPath, _ := LockPath(cfg.RunDir, cfg.Service)
	lock, err := takeLock(lockPath)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Listen(ctx, ListenConfig{Config: cfg}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
