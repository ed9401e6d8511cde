package hostlookup

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

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

// layout is how a host mounts cgroups, and how its processes name theirs.
type layout struct {
	name, mounts string
	dir          string // of the identity
	cgroup       string // text of /proc/PID/cgroup for a path
}

var (
	unified = layout{"v2", mountsV2, "/sys/fs/cgroup", "0::%s\n"}
	legacy  = layout{"v1", mountsV1, "/sys/fs/cgroup/systemd", "11:memory:%[1]s\n4:cpu,cpuacct:/else\n1:name=systemd:%[1]s\n"}
	hybrid  = layout{"hybrid", mountsHybrid, "/sys/fs/cgroup/systemd", "11:memory:%[1]s\n4:cpu,cpuacct:/else\n1:name=systemd:%[1]s\n0::/other\n"}
)

// fixture is a tree that stands for a host.
type fixture struct {
	testing.TB
	root string
	layout
}

func newFixture(t testing.TB, l layout) fixture {
	t.Helper()
	f := fixture{t, t.TempDir(), l}
	f.write("/proc/self/mountinfo", l.mounts)
	if l.mounts == mountsV2 {
		f.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
	}
	return f
}

// write replaces a file.
func (f fixture) write(path, text string) {
	f.Helper()
	path = filepath.Join(f.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

// cgroupDir makes a cgroup.
func (f fixture) cgroupDir(path string) {
	f.Helper()
	if err := os.MkdirAll(filepath.Join(f.root, f.dir, path), 0o755); err != nil {
		f.Fatal(err)
	}
}

func (f fixture) remove(path string) {
	f.Helper()
	if err := os.RemoveAll(filepath.Join(f.root, path)); err != nil {
		f.Fatal(err)
	}
}

// process makes a process that names a cgroup.
func (f fixture) process(pid uint32, comm string, start uint64, path string) {
	f.Helper()
	f.write(fmt.Sprintf("/proc/%d/cgroup", pid), fmt.Sprintf(f.cgroup, path))
	f.write(fmt.Sprintf("/proc/%d/status", pid), fmt.Sprintf("Name:\t%s\nTgid:\t%d\n", comm, pid))
	f.write(fmt.Sprintf("/proc/%d/stat", pid), fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 3306 1 0 0 11 4 0 0 20 0 17 0 %d 12 1\n", pid, comm, start))
}
