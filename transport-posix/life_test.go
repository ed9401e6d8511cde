package posix

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
	"pgregory.net/rapid"
)

// life is a run directory with what has happened in it, and what should be there after that.
type life struct {
	tb    testing.TB
	cfg   Config
	ours  *Listener // the live server, if it is one of ours
	other int       // descriptor of the live server, if it is a deployed one; else -1
	stale bool      // a socket that nobody serves lies there
	lock  bool      // a lock file of a killed server lies there
}

func (l *life) alive() bool { return l.ours != nil || l.other >= 0 }

func (l *life) listen(t *rapid.T) {
	got, err := Listen(context.Background(), ListenConfig{Config: l.cfg})
	switch {
	case l.alive() && !errors.Is(err, link.ErrAddrInUse):
		t.Fatalf("a second server: %v", err)
	case !l.alive() && err != nil:
		t.Fatal(err)
	case !l.alive():
		l.ours, l.stale = got, false
	}
	l.lock = false // whoever had the lock last has removed it
}

func (l *life) listenDeployed(t *rapid.T) {
	fd, err := bindDeployed(l.cfg.socket())
	if (err != nil) != (l.alive() || l.stale) {
		t.Fatalf("bind: %v", err)
	}
	if err != nil {
		return
	}
	if err := sys.Listen(fd, 5); err != nil {
		t.Fatal(err)
	}
	l.other = fd
}

func (l *life) end(t *rapid.T) {
	if l.ours == nil {
		t.Skip("there is none of ours")
	}
	if err := l.ours.Close(); err != nil {
		t.Fatal(err)
	}
	l.ours = nil
}

// kill ends the live server as the system ends a process: nothing is cleaned up.
func (l *life) kill(t *rapid.T) {
	switch {
	case l.ours != nil:
		l.ours.file.Close()
		l.ours.place.lock.file.Close()
		l.ours, l.lock = nil, true
	case l.other >= 0:
		sys.Close(l.other)
		l.other = -1
	default:
		t.Skip("there is none")
	}
	l.stale = true
	l.age(t)
}

// age makes the socket look old, as it mostly is.
func (l *life) age(t *rapid.T) {
	if err := os.Chtimes(l.cfg.socket(), longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
}

func (l *life) clean(t *rapid.T) {
	if _, err := Clean(l.cfg.RunDir, false); err != nil {
		t.Fatal(err)
	}
	l.stale, l.lock = false, false
}

func (l *life) check(t *rapid.T) {
	if found := probe(l.cfg.socket()); found.alive() != l.alive() {
		t.Fatalf("a live server: %v; connecting finds it %v", l.alive(), states[found.finding])
	}
	var want []string
	if l.ours != nil || l.lock {
		want = append(want, "svc.lock")
	}
	if l.alive() || l.stale {
		want = append(want, "svc.sock")
	}
	if got := files(l.tb, l.cfg.RunDir); !slices.Equal(got, want) {
		t.Fatalf("in the run directory: %q, want %q", got, want)
	}
}

// Servers come, go and die in any order: one of them is alive at most, no dead one is in the way, and nothing
// is left but what the dead had no time to take away.
func TestLife(t *testing.T) {
	dir := runDir(t)
	tb := t
	rapid.Check(t, func(t *rapid.T) {
		sub, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		l := &life{tb: tb, cfg: Config{RunDir: sub, Service: "svc"}, other: -1}
		defer func() {
			if l.ours != nil {
				l.ours.Close()
			}
			if l.other >= 0 {
				sys.Close(l.other)
			}
		}()
		t.Repeat(map[string]func(*rapid.T){
			"listen":         l.listen,
			"listenDeployed": l.listenDeployed,
			"end":            l.end,
			"kill":           l.kill,
			"clean":          l.clean,
			"":               l.check,
		})
	})
}
