//go:build linux || freebsd

package sys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// place makes a directory with a short path.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sys")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestMoveReplacesNothing(t *testing.T) {
	for name, move := range map[string]func(from, to string) error{"rename": RenameNoReplace, "link": moveByLink} {
		t.Run(name, func(t *testing.T) {
			dir := place(t)
			a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			if err := os.WriteFile(a, []byte("a"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := move(a, b); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(a, []byte("new"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := move(a, b); !errors.Is(err, syscall.EEXIST) {
				t.Errorf("onto something: %v", err)
			}
			if text, err := os.ReadFile(b); string(text) != "a" {
				t.Errorf("%q, %v", text, err)
			}
			if _, err := os.Lstat(a); err != nil {
				t.Error(err)
			}
			if err := move(filepath.Join(dir, "nothing"), filepath.Join(dir, "c")); !errors.Is(err, syscall.ENOENT) {
				t.Errorf("of nothing: %v", err)
			}
		})
	}
}

// Any path that fits is taken as it is; none that does not is cut.
func TestPathsAreTakenVerbatim(t *testing.T) {
	t.Chdir(place(t))
	var sa unix.RawSockaddrUnix
	long := strings.Repeat("x", len(sa.Path)-1)
	for _, path := range []string{"@abstract", long, " ", "\xff"} {
		fd, err := Socket()
		if err != nil {
			t.Fatal(err)
		}
		defer Close(fd)
		if err := Bind(fd, path); err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if there, err := os.Lstat(path); err != nil || there.Mode()&os.ModeSocket == 0 {
			t.Errorf("%q: %v, %v", path, there, err)
		}
	}
	for _, path := range []string{"", long + "x", "a\x00b"} {
		fd, err := Socket()
		if err != nil {
			t.Fatal(err)
		}
		defer Close(fd)
		if err := Bind(fd, path); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("bind %q: %v", path, err)
		}
		if err := Connect(fd, path); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("connect %q: %v", path, err)
		}
	}
}

func TestDescriptorsAreQuiet(t *testing.T) {
	t.Chdir(place(t))
	server, err := Socket()
	if err != nil {
		t.Fatal(err)
	}
	defer Close(server)
	if err := errors.Join(Bind(server, "s"), Listen(server, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Accept(server); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("accept without a client: %v", err)
	}
	client, err := Socket()
	if err != nil {
		t.Fatal(err)
	}
	defer Close(client)
	if err := Connect(client, "s"); err != nil {
		t.Fatal(err)
	}
	accepted, err := Accept(server)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(accepted)
	for _, fd := range []int{server, client, accepted} {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor flags %#x, %v: children would inherit it", flags, err)
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
			t.Errorf("file flags %#x, %v: it would block a thread", flags, err)
		}
	}
	if _, uid, _, err := Credentials(client); err != nil || uid != uint32(os.Getuid()) {
		t.Errorf("credentials: uid %d, %v", uid, err)
	}
}
