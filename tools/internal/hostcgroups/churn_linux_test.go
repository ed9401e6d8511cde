package hostcgroups

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var churnCount = flag.Int("churn", 2_000, "cgroups to make and remove while somebody walks")

func pid() string { return strconv.Itoa(os.Getpid()) }

// Cgroups are made and removed while they are listed: a row is right or absent,
// those that stand all the time are in every listing, and nothing is an error.
func TestListWhileCgroupsComeAndGo(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(testing.TB) (Config, string)
	}{
		{"fixture", churnFixture},
		{"this host", churnHost},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg, top := tc.open(t)
			churn(t, cfg, top)
		})
	}
}

func churnFixture(t testing.TB) (Config, string) {
	f := newFixture(t, mountsV2)
	f.dirs("/sys/fs/cgroup/top")
	return f.config(), "/sys/fs/cgroup/top"
}

func churnHost(t testing.TB) (Config, string) {
	found, err := Detect(Config{})
	if err != nil || found.Identity.Version == 0 {
		t.Skipf("no cgroup file system: %v", err)
	}
	top := filepath.Join(found.Identity.Mountpoint, "hostcgroups-churn-"+pid())
	if err := os.Mkdir(top, 0o755); err != nil {
		t.Skipf("cannot make cgroups here: %v", err)
	}
	t.Cleanup(func() { os.Remove(top) })
	return Config{}, top
}

func churn(t *testing.T, cfg Config, top string) {
	root := strings.TrimSuffix(cfg.withDefaults().Root, "/")
	mkdir := func(path string) {
		if err := os.Mkdir(root+path, 0o755); err != nil {
			t.Error(err)
		}
	}
	rmdir := func(path string) {
		if err := os.Remove(root + path); err != nil {
			t.Error(err)
		}
	}
	stays := []string{top + "/stays.slice", top + "/stays.slice/deep.service", top + "/zz"}
	for _, p := range stays {
		mkdir(p)
	}
	defer func() {
		for i := range stays {
			rmdir(stays[len(stays)-1-i])
		}
	}()

	l := New(cfg)
	var group sync.WaitGroup
	var done atomic.Bool
	group.Go(func() {
		defer done.Store(true)
		for i := range *churnCount / 4 {
			p := top + "/stays.slice/" + fmt.Sprint(i%37)
			mkdir(p)
			mkdir(p + "/docker-" + id1 + ".scope")
			mkdir(p + "/docker-" + id1 + ".scope/init.scope")
			mkdir(p + "/b.slice")
			rmdir(p + "/b.slice")
			rmdir(p + "/docker-" + id1 + ".scope/init.scope")
			rmdir(p + "/docker-" + id1 + ".scope")
			rmdir(p)
		}
	})
	walks, seen, vanished := 0, 0, 0
	var rows []Cgroup
	moved := false
	for more := true; more; walks++ {
		more = !done.Load()
		var r Report
		var err error
		if rows, r, err = l.List(t.Context(), rows[:0]); err != nil {
			t.Error(err)
			break
		}
		if moved = !isAbove(r.Identity.Mountpoint, top); moved {
			break
		}
		vanished += r.Vanished
		checkRows(t, rows)
		found := map[string]bool{}
		for _, row := range rows {
			if !isAbove(top, row.FullPath) {
				continue
			}
			if found[row.FullPath] = true; !isChurned(row.FullPath[len(top):]) {
				t.Errorf("nobody made %q", row.FullPath)
			}
			seen++
		}
		for _, p := range stays {
			if !found[p] {
				t.Errorf("%q is missing from %+v of %+v", p, rows, r)
			}
		}
		if t.Failed() {
			break
		}
	}
	group.Wait()
	if moved {
		t.Skip("the identity moved: somebody else is at work")
	}
	t.Logf("%d cgroups made and removed during %d listings, which saw %d rows of them and %d vanish", *churnCount, walks, seen-len(stays)*walks, vanished)
}

// isChurned reports whether the test makes such a path.
func isChurned(path string) bool {
	switch path {
	case "/stays.slice", "/stays.slice/deep.service", "/zz":
		return true
	}
	rest, ok := strings.CutPrefix(path, "/stays.slice/")
	number, rest, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n >= 37 {
		return false
	}
	switch rest {
	case "", "b.slice", "docker-" + id1 + ".scope", "docker-" + id1 + ".scope/init.scope":
		return true
	}
	return false
}
