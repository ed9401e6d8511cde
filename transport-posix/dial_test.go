package posix

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func TestDialErrorsSayWhatToDo(t *testing.T) {
	t.Run("nothing there", func(t *testing.T) {
		cfg := fresh(t)
		_, err := dialing(t, cfg).Dial(t.Context(), link.Proposal{})
		wantNotFound(t, err, cfg, syscall.ENOENT)
	})
	t.Run("dead", func(t *testing.T) {
		cfg := fresh(t)
		stale(t, cfg.socket())
		_, err := dialing(t, cfg).Dial(t.Context(), link.Proposal{})
		wantNotFound(t, err, cfg, syscall.ECONNREFUSED)
	})
	t.Run("leaves without an answer", func(t *testing.T) {
		cfg := fresh(t)
		l := listening(t, ListenConfig{Config: cfg})
		go func() {
			if in, err := l.Accept(context.Background()); err == nil {
				in.Close()
			}
		}()
		_, err := dialing(t, cfg).Dial(t.Context(), link.Proposal{})
		if !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) || !strings.Contains(err.Error(), "before the handshake") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		cfg := fresh(t)
		listening(t, ListenConfig{Config: cfg})
		d, err := NewDialer(DialConfig{Config: cfg, HandshakeTimeout: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Dial(t.Context(), link.Proposal{})
		if !errors.Is(err, link.ErrTimeout) || !strings.Contains(err.Error(), "silent") {
			t.Errorf("error %v", err)
		}
	})
}

func wantNotFound(tb testing.TB, err error, cfg Config, errno syscall.Errno) {
	tb.Helper()
	if !errors.Is(err, link.ErrNotFound) || !errors.Is(err, errno) {
		tb.Errorf("error %v", err)
	}
	for _, word := range []string{"dial " + cfg.socket(), "start the provider", cfg.RunDir} {
		if !strings.Contains(err.Error(), word) {
			tb.Errorf("error %q does not say %q", err, word)
		}
	}
}

// A full queue is waited for: until there is room, the context ends, or the time is over.
func TestDialWaitsForRoom(t *testing.T) {
	cfg := fresh(t)
	server := startDeployed(t, cfg.socket(), 0)
	fillQueue(t, cfg.socket())
	d, err := NewDialer(DialConfig{Config: cfg, HandshakeTimeout: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Dial(t.Context(), link.Proposal{})
	if !errors.Is(err, link.ErrTimeout) || !strings.Contains(err.Error(), "queue") {
		t.Errorf("dial: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := dialing(t, cfg).Dial(ctx, link.Proposal{})
		result <- err
	}()
	cancel()
	if err := linktest.Await(t, "Dial", result); !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v", err)
	}
	go func() {
		c, err := dialing(t, cfg).connect(context.Background(), patience())
		if err == nil {
			c.Close()
		}
		result <- err
	}()
	for len(result) == 0 {
		if fd, err := sys.Accept(server.fd); err == nil {
			sys.Close(fd)
		}
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
}
