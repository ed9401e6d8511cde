package posix

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
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
