package posix

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

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

func TestRunDirMissing(t *testing.T) {
	cfg := fresh(t)
	cfg.RunDir += "/missing"
	_, err := Listen(t.Context(), ListenConfig{Config: cfg})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "run directory") {
		t.Errorf("error %v", err)
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
