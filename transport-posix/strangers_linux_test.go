package posix

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// asUser runs f on a thread that has another user's rights, and no others.
func asUser(tb testing.TB, uid int, f func()) {
	tb.Helper()
	if os.Getuid() != 0 {
		tb.Skip("needs root, to be somebody else")
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			done <- errno
			return
		}
		f()
		done <- nil
	}()
	if err := linktest.Await(tb, "the other user", done); err != nil {
		tb.Skip(err)
	}
}

// By default a stranger is told AUTH_FAILED, where the mode lets him connect at all.
func TestStrangers(t *testing.T) {
	const stranger = 65534
	cfg := fresh(t)
	if err := os.Chmod(cfg.RunDir, 0o777); err != nil {
		t.Fatal(err)
	}
	l := listening(t, ListenConfig{Config: cfg, Mode: 0o666})
	result := make(chan error, 1)
	asUser(t, stranger, func() {
		fd, err := dialing(t, cfg).connect(t.Context(), patience()) // the kernel notes who connects
		if err != nil {
			result <- err
			return
		}
		t.Cleanup(func() { fd.Close() })
		go func() {
			_, err := dialing(t, cfg).greet(context.Background(), fd, link.Proposal{}, 0, patience())
			result <- err
		}()
	})
	in := accepted(t, l)
	if p := in.Peer(); !p.Known || p.UID != stranger || p.PID != os.Getpid() {
		t.Errorf("the stranger is %+v", p)
	}
	_, err := in.Handshake(t.Context(), link.Settings{})
	wantRefused(t, err, "AUTH_FAILED", strconv.Itoa(stranger))
	wantRefused(t, linktest.Await(t, "the stranger's answer", result), "AUTH_FAILED")
}

// Who may not connect cannot tell whether somebody is there.
func TestNotAllowedToConnect(t *testing.T) {
	cfg := fresh(t)
	if err := os.Chmod(cfg.RunDir, 0o777); err != nil {
		t.Fatal(err)
	}
	startDeployed(t, cfg.socket(), 5)
	if err := os.Chmod(cfg.socket(), 0o600); err != nil {
		t.Fatal(err)
	}
	asUser(t, 65534, func() {
		_, err := dialing(t, cfg).connect(t.Context(), patience())
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "may not connect") {
			t.Errorf("dial: %v", err)
		}
		wantInUse(t, cfg)
	})
	wantAlive(t, cfg.socket())
	wantFiles(t, cfg.RunDir, "svc.sock")
}
