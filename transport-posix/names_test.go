package posix

import (
	"errors"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"pgregory.net/rapid"
)

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		of   func(runDir, service string) (string, error)
		want string
	}{
		{SocketPath, "/run/netipc/cgroups-snapshot.sock"},
		{TempPath, "/run/netipc/cgroups-snapshot.tmp"},
		{LockPath, "/run/netipc/cgroups-snapshot.lock"},
		{asidePath, "/run/netipc/cgroups-snapshot.old"},
		{func(d, s string) (string, error) { return SHMPath(d, s, 0xab) }, "/run/netipc/cgroups-snapshot-00000000000000ab.ipcshm"},
	} {
		if got, err := c.of("/run/netipc", "cgroups-snapshot"); err != nil || got != c.want {
			t.Errorf("%q, %v; want %q", got, err, c.want)
		}
		for _, service := range []string{"", ".", "..", "a/b", "a b", "é"} {
			if got, err := c.of("/run", service); !errors.Is(err, link.ErrBadServiceName) || got != "" {
				t.Errorf("service %q: %q, %v", service, got, err)
			}
		}
		for _, dir := range []string{"", "/run\x00x"} {
			if got, err := c.of(dir, "svc"); !errors.Is(err, ErrBadRunDir) || got != "" {
				t.Errorf("run directory %q: %q, %v", dir, got, err)
			}
		}
	}
}

func TestMaxSocketPath(t *testing.T) {
	for goos, want := range map[string]int{"linux": 107, "freebsd": 103, "darwin": 103} {
		if got := maxSocketPath(goos); got != want {
			t.Errorf("%s: %d bytes, want %d", goos, got, want)
		}
	}
}

// The private names fit whenever the socket's does, and all names of a service are different, also from those
// of any other service.
func TestNamesProperty(t *testing.T) {
	service := rapid.StringMatching(`[a-c.][-_.abc]{0,8}(\.(sock|lock|tmp|old))?`)
	rapid.Check(t, func(t *rapid.T) {
		dir := "/" + strings.Repeat("d", rapid.IntRange(80, 110).Draw(t, "dir"))
		a, b := service.Draw(t, "a"), service.Draw(t, "b")
		if link.CheckServiceName(a) != nil || link.CheckServiceName(b) != nil {
			return
		}
		if _, err := SocketPath(dir, a); err == nil {
			if _, err := newPlace(Config{dir, a}); err != nil {
				t.Fatalf("the socket fits, its company does not: %v", err)
			}
		}
		owner := map[string]string{}
		for _, s := range []string{a, b} {
			for _, ending := range []string{socketEnding, lockEnding, tempEnding, asideEnding} {
				if other, taken := owner[s+ending]; taken && other != s {
					t.Fatalf("services %q and %q share %q", s, other, s+ending)
				}
				owner[s+ending] = s
			}
		}
		if a != b && len(owner) != 8 {
			t.Fatalf("%d names for two services: %v", len(owner), owner)
		}
	})
}
