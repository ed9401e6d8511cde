package posix

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

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
