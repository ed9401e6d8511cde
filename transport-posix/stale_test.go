package posix

import (
	"context"
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

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

// The time is given before anything is taken away, not after.
func TestYoungSocketIsNotTouched(t *testing.T) {
	cfg := fresh(t)
	fd, err := bindDeployed(cfg.socket())
	if err != nil {
		t.Fatal(err)
	}
	defer sys.Close(fd)
	soon := time.Now().Add(-settling / 2) // as if this test were quick
	if err := os.Chtimes(cfg.socket(), soon, soon); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	aside, _ := asidePath(cfg.RunDir, cfg.Service)
	switch err := vacate(ctx, cfg.socket(), aside); {
	case err == nil && time.Since(soon) < settling:
		t.Error("a young socket was removed at once")
	case err == nil:
		t.Skip("this machine is slow: the socket was old by then")
	case !errors.Is(err, context.Canceled):
		t.Error(err)
	}
	wantFiles(t, cfg.RunDir, "svc.sock")
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
