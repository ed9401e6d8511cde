package hostcgroups

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// This host, walked by somebody else. Cgroups come and go meanwhile, so what
// both walks around it saw must be in the listing, and what neither saw must not.
func TestListOfThisHost(t *testing.T) {
	found, err := Detect(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Identity.Version == 0 {
		t.Skip("this host has no cgroup file system")
	}
	l := New(Config{})
	_, err = os.Stat("/run/systemd/system")
	systemd := err == nil
	// Other tests, and the host itself, make and remove cgroups: compare when nothing moved meanwhile.
	for patience := time.Now().Add(time.Minute); ; {
		before := walkDir(t, found.Identity.Mountpoint)
		rows, r, err := l.List(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		after := walkDir(t, found.Identity.Mountpoint)
		if r.Identity.Mountpoint != found.Identity.Mountpoint {
			t.Skipf("identity moved from %+v to %+v: somebody else is at work", found.Identity, r.Identity)
		}
		if r.Systemd != systemd {
			t.Errorf("systemd %v, want %v", r.Systemd, systemd)
		}
		checkRows(t, rows)
		if !slices.Equal(before, after) {
			if time.Now().After(patience) {
				t.Skip("the cgroups of this host changed for a minute without a pause")
			}
			continue
		}
		if got := fullPaths(rows); !slices.Equal(got, before) {
			t.Errorf("%d rows %q\nwalked %q", len(got), got, before)
		}
		t.Logf("%d cgroups in %+v", len(rows), r)
		return
	}
}

// Cgroups of our own, where this process may make some: link counts, and what
// a cgroup file system lists, are the kernel's, not a fixture's.
func TestListSeesNewCgroups(t *testing.T) {
	found, err := Detect(Config{})
	if err != nil || found.Identity.Version == 0 {
		t.Skipf("no cgroup file system: %v", err)
	}
	top := filepath.Join(found.Identity.Mountpoint, "hostcgroups-test-"+pid())
	if err := os.Mkdir(top, 0o755); err != nil {
		t.Skipf("cannot make cgroups here: %v", err)
	}
	want := []string{top, top + "/a.slice", top + "/a.slice/b.service", top + "/a.slice/b.service/c", top + "/d"}
	for _, dir := range want[1:] {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, dir := range slices.Backward(want) {
			os.Remove(dir)
		}
	})
	l := New(Config{})
	ours := func() (paths []string) {
		rows, r, err := l.List(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Identity.Mountpoint != found.Identity.Mountpoint {
			t.Skipf("identity moved to %+v: somebody else is at work", r.Identity)
		}
		for _, row := range rows {
			if row.FullPath == top || isAbove(top, row.FullPath) {
				paths = append(paths, row.FullPath)
			}
		}
		return paths
	}
	if got := ours(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, dir := range slices.Backward(want) {
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
	if got := ours(); got != nil {
		t.Errorf("%q are still listed", got)
	}
}
