package hostcgroups

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Tables of mounts as three families of hosts have them.
const (
	mountsV2 = `23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
24 23 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:2 - sysfs sysfs rw
30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`
	mountsV1 = `23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
24 23 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:2 - sysfs sysfs rw
30 24 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:10 - cgroup cgroup rw,xattr,name=systemd
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:12 - cgroup cgroup rw,memory
`
	mountsHybrid = mountsV1 + `34 30 0:30 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:13 - cgroup2 cgroup2 rw,nsdelegate
`
)

// fixture is a tree that stands for a host.
type fixture struct {
	testing.TB
	root string
}

func newFixture(t testing.TB, mounts string) fixture {
	f := fixture{t, t.TempDir()}
	f.write("/proc/self/mountinfo", mounts)
	return f
}

func (f fixture) config() Config { return Config{Root: f.root} }

func (f fixture) dirs(paths ...string) {
	f.Helper()
	for _, p := range paths {
		if err := os.MkdirAll(filepath.Join(f.root, p), 0o755); err != nil {
			f.Fatal(err)
		}
	}
}

// write replaces a file, as runtimes do, by renaming another.
func (f fixture) write(path, content string) {
	f.Helper()
	path = filepath.Join(f.root, path)
	f.dirs(strings.TrimPrefix(filepath.Dir(path), f.root))
	if err := os.WriteFile(path+".new", []byte(content), 0o644); err != nil {
		f.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		f.Fatal(err)
	}
}

func (f fixture) remove(path string) {
	f.Helper()
	if err := os.RemoveAll(filepath.Join(f.root, path)); err != nil {
		f.Fatal(err)
	}
}
