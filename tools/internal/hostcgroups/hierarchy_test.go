package hostcgroups

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestHierarchies(t *testing.T) {
	root := mount{1, 0, "/", "/", "ext4", "rw"}
	sys := mount{2, 1, "/", "/sys", "sysfs", "rw"}
	tmp := mount{3, 2, "/", "/sys/fs/cgroup", "tmpfs", "rw,mode=755"}
	for _, tc := range []struct {
		name   string
		mounts []mount
		want   []string
	}{
		{"none", []mount{root, sys}, nil},
		{"v2", []mount{root, sys, {4, 2, "/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate"}}, []string{"2 /sys/fs/cgroup"}},
		{
			"v1 in order, joint controllers, flags that are none",
			[]mount{
				root, sys, tmp,
				{4, 3, "/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct,noprefix"},
				{5, 3, "/", "/sys/fs/cgroup/net_cls", "cgroup", "rw,net_cls"},
				{6, 3, "/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory"},
				{7, 3, "/", "/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,release_agent=/x,name=systemd"},
				{8, 3, "/", "/sys/fs/cgroup/elogind", "cgroup", "rw,name=elogind"},
			},
			[]string{
				"1 name=systemd /sys/fs/cgroup/systemd", "1 [memory] /sys/fs/cgroup/memory", "1 [cpu cpuacct] /sys/fs/cgroup/cpu,cpuacct",
				"1 name=elogind /sys/fs/cgroup/elogind", "1 [net_cls] /sys/fs/cgroup/net_cls",
			},
		},
		{
			"hybrid",
			[]mount{root, sys, tmp, {4, 3, "/", "/sys/fs/cgroup/unified", "cgroup2", "rw"}, {5, 3, "/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory"}},
			[]string{"1 [memory] /sys/fs/cgroup/memory", "2 /sys/fs/cgroup/unified"},
		},
		{
			"the mount that shows the whole tree, at the usual place",
			[]mount{
				root, sys,
				{4, 1, "/", "/srv/cg", "cgroup2", "rw"},
				{5, 1, "/part", "/a", "cgroup2", "rw"},
				{6, 2, "/", "/sys/fs/cgroup", "cgroup2", "rw"},
				{7, 1, "/../..", "/b", "cgroup2", "rw"},
			},
			[]string{"2 /sys/fs/cgroup"},
		},
		{
			"hidden by a file system on top",
			[]mount{root, sys, {4, 2, "/", "/sys/fs/cgroup", "cgroup2", "rw"}, {5, 4, "/", "/sys/fs/cgroup", "tmpfs", "rw"}},
			nil,
		},
		{
			"hidden by one above",
			[]mount{root, {4, 1, "/", "/mnt/a/cg", "cgroup2", "rw"}, {5, 1, "/", "/mnt/a", "tmpfs", "rw"}},
			nil,
		},
		{
			"hidden with its parent",
			[]mount{root, sys, tmp, {4, 3, "/", "/sys/fs/cgroup/unified", "cgroup2", "rw"}, {5, 3, "/", "/sys/fs/cgroup", "tmpfs", "rw"}},
			nil,
		},
		{
			"on top of what was there before",
			[]mount{root, sys, tmp, {4, 3, "/", "/sys/fs/cgroup", "cgroup2", "rw"}},
			[]string{"2 /sys/fs/cgroup"},
		},
		{"a root that is its own parent", []mount{{1, 1, "/", "/", "rootfs", "rw"}, {4, 1, "/", "/cg", "cgroup2", "rw"}}, []string{"2 /cg"}},
		{"a circle", []mount{{1, 2, "/", "/a", "tmpfs", "rw"}, {2, 1, "/", "/b", "cgroup2", "rw"}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, h := range hierarchies(tc.mounts) {
				s := fmt.Sprint(h.Version, " ")
				if h.Name != "" {
					s += "name=" + h.Name + " "
				}
				if len(h.Controllers) > 0 {
					s += fmt.Sprint(h.Controllers, " ")
				}
				got = append(got, s+h.Mountpoint)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// Any table of mounts is judged, once a hierarchy at most.
func TestHierarchiesOfAnyTable(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) mount {
		return mount{
			id: rapid.IntRange(0, 6).Draw(t, "id"), parent: rapid.IntRange(0, 6).Draw(t, "parent"),
			root:       rapid.SampledFrom([]string{"/", "/..", "/x", ""}).Draw(t, "root"),
			mountpoint: rapid.SampledFrom([]string{"/", "/a", "/a/b", "/ab", ""}).Draw(t, "at"),
			fsType:     rapid.SampledFrom([]string{"cgroup", "cgroup2", "tmpfs"}).Draw(t, "type"),
			options:    rapid.SampledFrom([]string{"rw,memory", "name=systemd", "", ",,", "cpu"}).Draw(t, "options"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		all := hierarchies(rapid.SliceOf(gen).Draw(t, "mounts"))
		keys := map[string]bool{}
		for _, h := range all {
			if keys[h.key()] {
				t.Fatalf("%q twice in %+v", h.key(), all)
			}
			keys[h.key()] = true
		}
	})
}

func TestHierarchyPath(t *testing.T) {
	for _, tc := range []struct{ root, want string }{
		{"/", "/a"}, {"/..", "/a"}, {"/../../x", "/a"}, {"/docker/x", "/docker/x/a"}, {"/..x", "/..x/a"},
	} {
		if got := (Hierarchy{Root: tc.root}).path("/a"); got != tc.want {
			t.Errorf("root %q: %q, want %q", tc.root, got, tc.want)
		}
	}
}
