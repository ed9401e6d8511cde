package local_test

import (
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

// sharing starts a server that shares memory.
func sharing(t *testing.T, dir string) {
	t.Helper()
	l, err := local.Listen(t.Context(), dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	running(t, increment.NewServer(l, service.ServerConfig{Supported: local.Profiles, Logger: slog.New(slog.DiscardHandler)}, increment.Next).Serve)
}

func incrementClient(t *testing.T, dir string, profiles wire.Profile) *increment.Client {
	t.Helper()
	d, err := local.NewDialer(dir, "increment")
	if err != nil {
		t.Fatal(err)
	}
	c := increment.NewClient(d, service.Config{Proposal: link.Proposal{Supported: profiles}})
	t.Cleanup(func() { c.Close() })
	return c
}

// A client has shared memory if it says so, and its status does.
func TestSharedMemoryCalls(t *testing.T) {
	dir := shortDir(t)
	sharing(t, dir)
	for proposed, want := range map[wire.Profile]wire.Profile{
		0:                     wire.ProfileBaseline,
		local.Profiles:        wire.ProfileSHMHybrid,
		wire.ProfileSHMHybrid: wire.ProfileSHMHybrid,
	} {
		c := incrementClient(t, dir, proposed)
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for v := range uint64(1000) {
			if got, err := c.Call(t.Context(), v); err != nil || got != v+1 {
				t.Fatalf("%v: %d after %d, %v", proposed, got, v, err)
			}
		}
		batch := make([]uint64, 300)
		if err := c.CallBatch(t.Context(), batch, batch); err != nil || batch[299] != 1 { // the limits grow, and the region with them
			t.Fatalf("%d, %v", batch[299], err)
		}
		if st := c.Status(); st.Profile != want {
			t.Errorf("%v: profile %v, want %v", proposed, st.Profile, want)
		}
	}
}

// A server that has no room for a region now refuses a client that wants nothing else with a cause that passes, so
// that it comes back; the others work meanwhile.
func TestSharedMemoryOnlyComesBack(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	dir := shortDir(t)
	if err := syscall.Mount("netipc", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	sharing(t, dir)
	full, err := os.Create(dir + "/filler")
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for err == nil {
		_, err = full.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	only, both := incrementClient(t, dir, wire.ProfileSHMHybrid), incrementClient(t, dir, local.Profiles)
	_, err = only.Refresh(t.Context())
	var refused *link.RefusedError
	if !errors.As(err, &refused) || refused.Status != wire.StatusInternalError || only.Status().State != service.StateDisconnected {
		t.Errorf("%v, %v", err, only.Status().State)
	}
	if _, err := both.Refresh(t.Context()); err != nil || both.Status().Profile != wire.ProfileBaseline {
		t.Errorf("%v, %v", err, both.Status().Profile)
	}
	if got, err := both.Call(t.Context(), 41); err != nil || got != 42 {
		t.Errorf("%d, %v", got, err)
	}
	if err := full.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if _, err := only.Refresh(t.Context()); err != nil || only.Status().Profile != wire.ProfileSHMHybrid {
		t.Fatalf("%v, %v", err, only.Status().Profile)
	}
	if got, err := only.Call(t.Context(), 41); err != nil || got != 42 {
		t.Errorf("%d, %v", got, err)
	}
}
