package posix

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// The lock excludes, although its file comes and goes with each owner.
func TestLockExcludes(t *testing.T) {
	dir := runDir(t)
	path := dir + "/svc.lock"
	var inside, got atomic.Int64
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for got.Load() < 100 {
				lock, err := takeLock(path)
				if errors.Is(err, errLocked) {
					runtime.Gosched() // else whoever has it waits for our time slice to end, five times
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				for range 5 {
					runtime.Gosched() // to let another one in, if it can
				}
				if n := inside.Add(-1); n != 0 {
					t.Errorf("%d more have the lock", n)
				}
				got.Add(1)
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
