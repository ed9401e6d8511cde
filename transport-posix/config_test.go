package posix

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func TestConfigDefaults(t *testing.T) {
	l := ListenConfig{}.withDefaults()
	if l.Mode != 0o600 || l.HandshakeTimeout != 5*time.Second || l.AllowAnyUID || !slices.Equal(l.AllowUIDs, []uint32{uint32(os.Geteuid()), 0}) {
		t.Errorf("listen: %+v", l)
	}
	if d := (DialConfig{}).withDefaults(); d.HandshakeTimeout != 5*time.Second {
		t.Errorf("dial: %+v", d)
	}
	uids := []uint32{7}
	l = ListenConfig{AllowUIDs: uids}.withDefaults()
	uids[0] = 8
	if !slices.Equal(l.AllowUIDs, []uint32{7}) {
		t.Errorf("AllowUIDs %v followed the caller's slice", l.AllowUIDs)
	}
	if l := (ListenConfig{AllowAnyUID: true}).withDefaults(); len(l.AllowUIDs) != 0 || l.validate() != nil {
		t.Errorf("any uid: %+v", l)
	}
}

func TestConfigServes(t *testing.T) {
	peer := func(uid uint32) link.Peer { return link.Peer{Known: true, UID: uid} }
	list := ListenConfig{AllowUIDs: []uint32{7}}
	anybody := ListenConfig{AllowAnyUID: true}
	for _, c := range []struct {
		cfg  *ListenConfig
		peer link.Peer
		want bool
	}{
		{&list, peer(7), true}, {&list, peer(0), false}, {&list, peer(8), false}, {&list, link.Peer{UID: 7}, false},
		{&anybody, peer(7), true}, {&anybody, link.Peer{}, true},
	} {
		if got := c.cfg.serves(c.peer); got != c.want {
			t.Errorf("%+v for %+v: %v", c.cfg, c.peer, got)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	dir := runDir(t)
	ok := Config{RunDir: dir, Service: "svc"}
	for _, cfg := range []ListenConfig{
		{Config: ok, Mode: os.ModeSetuid | 0o600},
		{Config: ok, AllowAnyUID: true, AllowUIDs: []uint32{1}},
		{Config: ok, HandshakeTimeout: -1},
		{Config: ok, Packet: 32},
		{Config: ok, SendBuffer: -1},
	} {
		if _, err := Listen(t.Context(), cfg); !errors.Is(err, ErrBadConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for _, cfg := range []DialConfig{
		{Config: ok, HandshakeTimeout: -1},
		{Config: ok, Packet: 1},
		{Config: ok, SendBuffer: -1},
	} {
		if _, err := NewDialer(cfg); !errors.Is(err, ErrBadConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	wantFiles(t, dir)
}

// Where there are no such sockets, that is what every attempt says; with the name of the system.
func TestUnsupported(t *testing.T) {
	if sys.Supported {
		t.Skip("this system has them")
	}
	ok := Config{RunDir: "/run", Service: "svc"}
	if _, err := NewDialer(DialConfig{Config: ok}); !errors.Is(err, ErrUnsupported) || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("dial: %v", err)
	}
	if _, err := Listen(t.Context(), ListenConfig{Config: ok}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("listen: %v", err)
	}
}
