package hostlookup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

const dockerScope = "/system.slice/docker-" + cid + ".scope"

// statuses asks for a path and for a process that is in it.
func statuses(t *testing.T, s *Source, path string, pid uint32) (cgrouplookup.Item, applookup.Item) {
	t.Helper()
	cgroups, err := askCgroups(t, s, path)
	if err != nil {
		t.Fatal(err)
	}
	apps, err := askProcesses(t, s, pid)
	if err != nil {
		t.Fatal(err)
	}
	return cgroups[0], apps[0]
}

// A container whose runtime has yet to say who it is: not yet; then it is known, once the runtime has said it, or
// has not for so long that it will not.
func TestNotYet(t *testing.T) {
	for name, tells := range map[string]bool{"told": true, "never told": false} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, unified)
			f.cgroupDir(dockerScope)
			f.write("/var/lib/docker/containers/"+node+"/config.v2.json", "{}") // docker is there
			f.process(7, "worker", 1, dockerScope)
			synctest.Test(t, func(t *testing.T) {
				s := newTestSource(f.root)
				for range 2 {
					cg, app := statuses(t, s, dockerScope, 7)
					if cg.Status != cgrouplookup.StatusUnknownRetryLater || app.CgroupStatus != applookup.CgroupStatusUnknownRetryLater || app.CgroupPath != dockerScope {
						t.Errorf("%+v, %+v", cg, app)
					}
					pass(2 * time.Second)
				}
				want := "docker-0123456789ab"
				if tells {
					for path, text := range dockerState {
						f.write(path, text)
					}
					want = "shop-web-1"
				}
				pass(10 * time.Second)
				if _, err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				cg, app := statuses(t, s, dockerScope, 7)
				if cg.Status != cgrouplookup.StatusKnown || cg.Name != want || app.CgroupName != want || cg.Orchestrator != cgrouplookup.OrchestratorDocker {
					t.Errorf("%+v, %+v; want %q", cg, app, want)
				}
			})
		})
	}
}

// A container that is gone will not come back; a unit may.
func TestGone(t *testing.T) {
	f := newFixture(t, unified)
	const service = "/system.slice/ssh.service"
	f.cgroupDir(dockerScope)
	f.cgroupDir(service)
	s := newTestSource(f.root)
	check := func(path string, want cgrouplookup.Status) {
		t.Helper()
		items, err := askCgroups(t, s, path)
		if err != nil || items[0].Status != want {
			t.Errorf("%s: %+v, %v; want %v", path, items, err, want)
		}
	}
	check(dockerScope, cgrouplookup.StatusKnown)
	check(service, cgrouplookup.StatusKnown)
	f.remove("/sys/fs/cgroup/system.slice/docker-" + cid + ".scope")
	f.remove("/sys/fs/cgroup" + service)
	for range 2 {
		if _, err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(dockerScope, cgrouplookup.StatusUnknownPermanent)
		check("/sys/fs/cgroup"+dockerScope, cgrouplookup.StatusUnknownPermanent)
		check(service, cgrouplookup.StatusUnknownRetryLater)
	}
	f.cgroupDir(service)
	check(service, cgrouplookup.StatusKnown)                    // looked at, for it is not in the table
	check("/docker/"+cid, cgrouplookup.StatusUnknownRetryLater) // nobody has seen this one
}

// What cannot be a cgroup will never be one.
func TestImpossiblePaths(t *testing.T) {
	f := newFixture(t, unified)
	f.cgroupDir("/a/b")
	f.write("/sys/fs/cgroup/a/file", "")
	s := newTestSource(f.root)
	for path, want := range map[string]cgrouplookup.Status{
		"/":                            cgrouplookup.StatusUnknownPermanent,
		"relative":                     cgrouplookup.StatusUnknownPermanent,
		"/a/":                          cgrouplookup.StatusUnknownPermanent,
		"/a//b":                        cgrouplookup.StatusUnknownPermanent,
		"/a/../a":                      cgrouplookup.StatusUnknownPermanent,
		"/../a":                        cgrouplookup.StatusUnknownPermanent,
		"/a/.":                         cgrouplookup.StatusUnknownPermanent,
		"/new\nline":                   cgrouplookup.StatusUnknownPermanent,
		"/" + strings.Repeat("x", 256): cgrouplookup.StatusUnknownPermanent,
		strings.Repeat("/x", 2048):     cgrouplookup.StatusUnknownPermanent,
		strings.Repeat("/x", 2047):     cgrouplookup.StatusUnknownRetryLater,
		"/" + strings.Repeat("x", 255): cgrouplookup.StatusUnknownRetryLater,
		"/a/file":                      cgrouplookup.StatusUnknownRetryLater,
		"/none":                        cgrouplookup.StatusUnknownRetryLater,
		"/sys/fs/cgroup":               cgrouplookup.StatusUnknownRetryLater, // a cgroup of that path could be
		"/sys/fs/cgroup/a//b":          cgrouplookup.StatusUnknownPermanent,
		"/sys/fs/cgroup/a/b":           cgrouplookup.StatusKnown,
		"/a/b":                         cgrouplookup.StatusKnown,
		"/bytes \xff\x1b and whatever": cgrouplookup.StatusUnknownRetryLater,
	} {
		items, err := askCgroups(t, s, path)
		if err != nil || items[0].Status != want || items[0].Path != path {
			t.Errorf("%.40q: %v, %v; want %v", path, items[0].Status, err, want)
		}
	}
}

// Processes whose cgroup is not one of the listing.
func TestOddCgroups(t *testing.T) {
	f := newFixture(t, unified)
	f.cgroupDir("/real (deleted)")
	for pid, path := range map[uint32]string{1: "/", 2: "/../outside", 3: "/removed.service (deleted)", 4: dockerScope + " (deleted)", 5: "/real (deleted)", 6: "/never/made"} {
		f.process(pid, "p", 9, path)
	}
	f.process(8, "p", 9, "/")
	f.write("/proc/8/stat", "8 (p) Z 1 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0\n")
	f.process(7, "p", 9, "/x")
	f.write("/proc/7/cgroup", "3:cpu:/x\n") // nothing about this hierarchy
	for _, few := range []bool{true, false} {
		pids := []uint32{1, 2, 3, 4, 5, 6, 7, 8}
		if !few {
			pids = append(pids, make([]uint32, FewPIDs)...)
		}
		items, err := askProcesses(t, newTestSource(f.root), pids...)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			status applookup.CgroupStatus
			path   string
		}{
			{applookup.CgroupStatusHostRoot, ""},
			{applookup.CgroupStatusUnknownPermanent, "/../outside"},
			{applookup.CgroupStatusUnknownRetryLater, "/removed.service"},
			{applookup.CgroupStatusUnknownPermanent, dockerScope},
			{applookup.CgroupStatusKnown, "/real (deleted)"},
			{applookup.CgroupStatusUnknownRetryLater, "/never/made"},
			{applookup.CgroupStatusUnknownRetryLater, ""},
			{applookup.CgroupStatusUnknownRetryLater, ""},
		} {
			if it := items[i]; it.Status != applookup.StatusKnown || it.CgroupStatus != want.status || it.CgroupPath != want.path || it.StartTime != 9 {
				t.Errorf("few %v: %+v; want %+v", few, it, want)
			}
		}
	}
}

// A host without processes, without cgroups, without either: answers, and no errors.
func TestEmptyHosts(t *testing.T) {
	f := newFixture(t, unified)
	s := newTestSource(f.root)
	cg, app := statuses(t, s, "/a", 1)
	if cg.Status != cgrouplookup.StatusUnknownRetryLater || app.Status != applookup.StatusUnknown || s.Get().Processes() != 0 || s.Get().Cgroups() != 0 {
		t.Errorf("%+v, %+v", cg, app)
	}
	if items, err := askProcesses(t, s); err != nil || len(items) != 0 {
		t.Errorf("%+v, %v", items, err)
	}
	if items, err := askCgroups(t, s); err != nil || len(items) != 0 {
		t.Errorf("%+v, %v", items, err)
	}

	f = newFixture(t, layout{mounts: "23 1 254:0 / / rw - ext4 /dev/vda rw\n", cgroup: "0::%s\n"})
	f.process(1, "init", 3, "/whatever")
	cg, app = statuses(t, newTestSource(f.root), "/whatever", 1)
	if cg.Status != cgrouplookup.StatusUnknownRetryLater || app.Status != applookup.StatusKnown || app.CgroupStatus != applookup.CgroupStatusHostRoot {
		t.Errorf("%+v, %+v", cg, app)
	}
}

// A host that cannot be read is an error, and passes; the table stays.
func TestUnreadableHost(t *testing.T) {
	f := newFixture(t, unified)
	f.process(1, "init", 3, "/")
	s := newTestSource(f.root)
	proc := filepath.Join(f.root, "proc")
	if err := os.Rename(proc, proc+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := askProcesses(t, s, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.Rename(proc+".away", proc); err != nil {
		t.Fatal(err)
	}
	if items, err := askProcesses(t, s, 1); err != nil || items[0].Comm != "init" {
		t.Errorf("%+v, %v", items, err)
	}
	last := s.Get()
	if err := os.Rename(proc, proc+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refresh(t.Context()); err == nil || s.Get() != last || !slices.Equal(last.PIDs(), []uint32{1}) {
		t.Errorf("%v, %v", err, s.Get())
	}
}
