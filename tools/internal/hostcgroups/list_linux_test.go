package hostcgroups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func list(t testing.TB, cfg Config) ([]Cgroup, Report) {
	t.Helper()
	rows, r, err := New(cfg).List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows, r
}

func fullPaths(rows []Cgroup) (paths []string) {
	for _, r := range rows {
		paths = append(paths, r.FullPath)
	}
	return paths
}

func TestListV2(t *testing.T) {
	f := newFixture(t, mountsV2)
	f.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
	f.write("/sys/fs/cgroup/system.slice/cgroup.procs", "")
	f.dirs(
		"/run/systemd/system",
		"/sys/fs/cgroup/system.slice/ssh.service",
		"/sys/fs/cgroup/system.slice/docker-"+id1+".scope/init",
		"/sys/fs/cgroup/system.slice-x", // '-' sorts before '/', but a child comes after its parent
	)
	rows, r := list(t, f.config())
	want := []Cgroup{
		{"/system.slice", "/sys/fs/cgroup/system.slice", "system.slice", KindSlice, false},
		{"/system.slice/docker-" + id1 + ".scope", "/sys/fs/cgroup/system.slice/docker-" + id1 + ".scope", "docker-0123456789ab", KindDocker, true},
		{"/system.slice/docker-" + id1 + ".scope/init", "/sys/fs/cgroup/system.slice/docker-" + id1 + ".scope/init", "docker-0123456789ab/init", KindDocker, true},
		{"/system.slice/ssh.service", "/sys/fs/cgroup/system.slice/ssh.service", "ssh", KindService, true},
		{"/system.slice-x", "/sys/fs/cgroup/system.slice-x", "system.slice-x", KindUnknown, true},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("got  %+v\nwant %+v", rows, want)
	}
	if !r.Systemd || r.Identity.Version != 2 || !slices.Equal(r.Identity.Controllers, []string{"cpu", "cpuset", "io", "memory", "pids"}) {
		t.Errorf("report %+v", r)
	}
	if rows[0].Options() != 0 {
		t.Error("options are not 0")
	}
}

// The identity, by what is mounted, what v2 can control and who lives where.
func TestIdentity(t *testing.T) {
	const (
		v2      = "/sys/fs/cgroup/unified"
		systemd = "/sys/fs/cgroup/systemd"
		memory  = "/sys/fs/cgroup/memory"
		cpu     = "/sys/fs/cgroup/cpu,cpuacct"
	)
	without := func(table, what string) string {
		var kept strings.Builder
		for line := range strings.Lines(table) {
			if !strings.Contains(line, what) {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}
	for _, tc := range []struct {
		name, mounts string
		files        map[string]string // a path ending in / is a directory
		want         string
	}{
		{"hybrid, v2 controls", mountsHybrid, map[string]string{v2 + "/cgroup.controllers": "hugetlb\n", v2 + "/a/": "", systemd + "/a/": ""}, v2},
		{"hybrid, v2 has a member", mountsHybrid, map[string]string{v2 + "/cgroup.controllers": "\n", v2 + "/a/b/cgroup.procs": "17\n", systemd + "/a/": ""}, v2},
		{"hybrid, v2 has a populated cgroup", mountsHybrid, map[string]string{v2 + "/a/cgroup.events": "populated 1\nfrozen 0\n", systemd + "/a/": ""}, v2},
		{"hybrid, v2 has cgroups and no member", mountsHybrid, map[string]string{v2 + "/a/cgroup.events": "populated 0\nfrozen 0\n", v2 + "/a/b/cgroup.procs": "", v2 + "/c/cgroup.procs": "", systemd + "/a/": ""}, systemd},
		{"hybrid, members of v2's root do not count", mountsHybrid, map[string]string{v2 + "/cgroup.procs": "1\n", systemd + "/a/": ""}, systemd},
		{"hybrid, v2 controls and is empty", mountsHybrid, map[string]string{v2 + "/cgroup.controllers": "hugetlb\n", memory + "/a/": ""}, memory},
		{"hybrid, all empty", mountsHybrid, map[string]string{v2 + "/cgroup.controllers": "hugetlb\n", systemd + "/": "", memory + "/": ""}, v2},
		{"v1, systemd", mountsV1, map[string]string{systemd + "/a/": "", memory + "/a/": ""}, systemd},
		{"v1, systemd's is empty", mountsV1, map[string]string{systemd + "/": "", memory + "/a/": "", cpu + "/a/": ""}, memory},
		{"v1, all empty", mountsV1, nil, systemd},
		{"v1, no systemd", without(mountsV1, "name=systemd"), map[string]string{memory + "/a/": "", cpu + "/a/": ""}, memory},
		{"v1, neither systemd nor memory", without(without(mountsV1, "name=systemd"), "rw,memory"), map[string]string{cpu + "/a/": ""}, cpu},
		{"v2 alone, no controllers, no members", mountsV2, map[string]string{"/sys/fs/cgroup/a/": ""}, "/sys/fs/cgroup"},
		{"v2 alone and empty", mountsV2, map[string]string{"/sys/fs/cgroup/": ""}, "/sys/fs/cgroup"},
		{"a mount nobody can read", "what is this\n" + mountsV2, map[string]string{"/sys/fs/cgroup/a/": ""}, "/sys/fs/cgroup"},
		{"a mount longer than a line may be", strings.Repeat("x", 100_000) + "\n" + mountsV2, map[string]string{"/sys/fs/cgroup/a/": ""}, "/sys/fs/cgroup"},
		{"no cgroups at all", without(mountsV2, "cgroup2"), nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, tc.mounts)
			for path, content := range tc.files {
				if strings.HasSuffix(path, "/") {
					f.dirs(path)
				} else {
					f.write(path, content)
				}
			}
			found, err := Detect(f.config())
			if err != nil {
				t.Fatal(err)
			}
			if found.Identity.Mountpoint != tc.want {
				t.Errorf("identity is %+v, want %q", found.Identity, tc.want)
			}
			rows, r := list(t, f.config())
			if r.Identity.Mountpoint != tc.want {
				t.Errorf("listed %+v, want %q", r.Identity, tc.want)
			}
			if want := countDirs(t, f.root, tc.want); len(rows) != want {
				t.Errorf("%d rows, want %d", len(rows), want)
			}
		})
	}
}

func countDirs(t testing.TB, root, below string) (n int) {
	if below == "" {
		return 0
	}
	for range walkDir(t, filepath.Join(root, below)) {
		n++
	}
	return n
}

// walkDir is an independent walk: the directories below root, without root, in its order.
func walkDir(t testing.TB, root string) (paths []string) {
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() && path != root {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// The rule passes over empty hierarchies, but rows do not jump back and forth when the last cgroup goes.
func TestIdentityStaysWhenEmptied(t *testing.T) {
	f := newFixture(t, mountsHybrid)
	f.write("/sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n")
	f.dirs("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/memory/old")
	l := New(f.config())
	for i, step := range []struct {
		do   func()
		want []string
	}{
		{func() {}, []string{"/sys/fs/cgroup/memory/old"}},
		{func() { f.dirs("/sys/fs/cgroup/unified/new") }, []string{"/sys/fs/cgroup/unified/new"}},
		{func() { f.remove("/sys/fs/cgroup/unified/new") }, nil},
		{func() { f.write("/proc/self/mountinfo", mountsV1) }, []string{"/sys/fs/cgroup/memory/old"}},
	} {
		step.do()
		rows, _, err := l.List(t.Context(), nil)
		if err != nil || !slices.Equal(fullPaths(rows), step.want) {
			t.Errorf("step %d: %q, %v; want %q", i, fullPaths(rows), err, step.want)
		}
	}
}

func TestListOfPartOfATree(t *testing.T) {
	f := newFixture(t, strings.Replace(mountsV2, "0:26 / ", "0:26 /docker/"+id1+" ", 1))
	f.dirs("/sys/fs/cgroup/system.slice/x.service")
	rows, _ := list(t, f.config())
	if len(rows) != 2 || rows[1].Path != "/docker/"+id1+"/system.slice/x.service" ||
		rows[1].FullPath != "/sys/fs/cgroup/system.slice/x.service" || rows[1].Kind != KindDocker {
		t.Errorf("rows %+v", rows)
	}
}

func TestListErrors(t *testing.T) {
	f := newFixture(t, mountsV2)
	f.dirs("/sys/fs/cgroup/a")
	kept := []Cgroup{{Name: "kept"}}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, _, err := New(f.config()).List(ctx, kept); !errors.Is(err, context.Canceled) || len(rows) != 1 {
		t.Errorf("canceled: %+v, %v", rows, err)
	}
	f.remove("/proc")
	rows, _, err := New(f.config()).List(t.Context(), kept)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/proc/self/mountinfo") || len(rows) != 1 {
		t.Errorf("no table of mounts: %+v, %v", rows, err)
	}
}

// ended is a context that ends after some questions.
type ended struct {
	context.Context
	left int
}

func (e *ended) Err() error {
	if e.left--; e.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestListEndsWithContextAnywhere(t *testing.T) {
	f := newFixture(t, mountsHybrid)
	f.dirs("/sys/fs/cgroup/unified/a/b", "/sys/fs/cgroup/memory/a/b/c")
	for n := range 50 {
		rows, _, err := New(f.config()).List(&ended{t.Context(), n}, nil)
		if err == nil && len(rows) == 3 {
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) || len(rows) != 0 {
			t.Fatalf("after %d: %d rows, %v", n, len(rows), err)
		}
	}
	t.Error("never came to an end")
}

func TestListFromManyGoroutines(t *testing.T) {
	f := newFixture(t, mountsHybrid)
	f.dirs("/sys/fs/cgroup/systemd/docker/"+id1, "/sys/fs/cgroup/systemd/system.slice/a.service")
	f.write(docker(id1), dockerWeb)
	l := New(f.config())
	want, _ := list(t, f.config())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var rows []Cgroup
			for range 25 {
				var err error
				if rows, _, err = l.List(t.Context(), rows[:0]); err != nil || !slices.Equal(rows, want) {
					t.Errorf("%+v, %v; want %+v", rows, err, want)
				}
			}
		})
	}
	group.Wait()
}

func TestListIsBounded(t *testing.T) {
	f := newFixture(t, mountsV2)
	for i := range 10 {
		f.dirs(fmt.Sprintf("/sys/fs/cgroup/a/%d", i))
	}
	cfg := f.config()
	cfg.MaxCgroups = 4
	if rows, r := list(t, cfg); len(rows) != 4 || !r.Truncated {
		t.Errorf("%d rows, truncated %v", len(rows), r.Truncated)
	}
	cfg.MaxCgroups = 11
	if rows, r := list(t, cfg); len(rows) != 11 || r.Truncated {
		t.Errorf("%d rows, truncated %v", len(rows), r.Truncated)
	}
}

func TestListSkipsWhatIsNoCgroup(t *testing.T) {
	f := newFixture(t, mountsV2)
	f.dirs("/sys/fs/cgroup/a/b")
	f.write("/sys/fs/cgroup/a/cgroup.procs", "1\n")
	for from, to := range map[string]string{"/a/loop": "..", "/a/self": "self", "/a/nowhere": "/nowhere"} {
		if err := os.Symlink(to, filepath.Join(f.root, "/sys/fs/cgroup", from)); err != nil {
			t.Fatal(err)
		}
	}
	rows, _ := list(t, f.config())
	if want := []string{"/sys/fs/cgroup/a", "/sys/fs/cgroup/a/b"}; !slices.Equal(fullPaths(rows), want) {
		t.Errorf("%q, want %q", fullPaths(rows), want)
	}
}

// Deeper than a path can be, and names of every byte.
func TestListOddTrees(t *testing.T) {
	f := newFixture(t, mountsV2)
	f.dirs("/sys/fs/cgroup")
	at, err := openRoot(filepath.Join(f.root, "/sys/fs/cgroup"))
	if err != nil {
		t.Fatal(err)
	}
	const depth = 20
	long := strings.Repeat("x", 255)
	for range depth {
		if err := unix.Mkdirat(at, long, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := openDir(at, long)
		unix.Close(at)
		if at = next; err != nil {
			t.Fatal(err)
		}
	}
	unix.Close(at)
	for c := 1; c < 256; c++ {
		if c != '/' && c != '.' {
			f.dirs("/sys/fs/cgroup/" + string([]byte{byte(c)}))
		}
	}
	rows, r := list(t, f.config())
	if r.TooLong != 1 || r.Denied != 0 || r.Vanished != 0 {
		t.Errorf("report %+v", r)
	}
	if want := 4096/256 + 253; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	checkRows(t, rows)
}

// checkRows checks what holds for every listing.
func checkRows(t testing.TB, rows []Cgroup) {
	t.Helper()
	names, paths := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		switch {
		case r.Name == "" || printable(r.Name) != r.Name:
			t.Errorf("%q is called %q", r.Path, r.Name)
		case names[r.Name]:
			t.Errorf("two rows are called %q", r.Name)
		case paths[r.FullPath]:
			t.Errorf("%q twice", r.FullPath)
		case !strings.HasSuffix(r.FullPath, r.Path) || r.Path[0] != '/':
			t.Errorf("path %q of %q", r.Path, r.FullPath)
		}
		names[r.Name], paths[r.FullPath] = true, true
		// Names are of the path: the same wherever it is asked.
		if kind, _, enabled := Classify(r.Path); kind != r.Kind && r.Kind != KindDocker && r.Kind != KindVM || enabled != r.Enabled {
			t.Errorf("%q is %v, enabled %v, listed as %v, %v", r.Path, kind, enabled, r.Kind, r.Enabled)
		}
	}
}

func TestListWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		rerunAsNobody(t)
		return
	}
	f := newFixture(t, mountsV2)
	f.dirs("/sys/fs/cgroup/a/hidden", "/sys/fs/cgroup/b/c")
	closed := filepath.Join(f.root, "/sys/fs/cgroup/a")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(closed, 0o755) })
	rows, r := list(t, f.config())
	want := []string{"/sys/fs/cgroup/a", "/sys/fs/cgroup/b", "/sys/fs/cgroup/b/c"}
	if !slices.Equal(fullPaths(rows), want) || r.Denied != 1 {
		t.Errorf("%q and %+v, want %q and one denied", fullPaths(rows), r, want)
	}
	if err := os.Chmod(filepath.Dir(closed), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(closed), 0o755) })
	if rows, _, err := New(f.config()).List(t.Context(), nil); !errors.Is(err, os.ErrPermission) || len(rows) != 0 {
		t.Errorf("closed root: %q, %v", fullPaths(rows), err)
	}
}
