package hostcgroups

import (
	"fmt"
	"path/filepath"
	"testing"
)

// A host with size cgroups: a third of them containers with state, the others services.
func benchHost(b *testing.B, size int) Config {
	f := newFixture(b, mountsV2)
	f.write("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
	f.dirs("/sys/fs/cgroup/system.slice")
	for i := range size - 1 {
		if i%3 > 0 {
			f.dirs(fmt.Sprintf("/sys/fs/cgroup/system.slice/unit%d.service", i))
			continue
		}
		id := fmt.Sprintf("%064x", i)
		f.dirs("/sys/fs/cgroup/system.slice/docker-" + id + ".scope")
		f.write(docker(id), fmt.Sprintf(`{"Name":"/web%d"}`, i))
	}
	return f.config()
}

func BenchmarkList(b *testing.B) {
	for _, size := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			if testing.Short() && size > 1_000 {
				b.Skip("-short")
			}
			l := New(benchHost(b, size))
			rows, _, err := l.List(b.Context(), nil) // reads the runtimes' state
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if rows, _, err = l.List(b.Context(), rows[:0]); err != nil || len(rows) != size {
					b.Fatal(len(rows), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/cgroup")
		})
	}
}

// The walk of the standard library over the same tree, for comparison: paths only, no names.
func BenchmarkWalkDir(b *testing.B) {
	const size = 1_000
	root := filepath.Join(benchHost(b, size).Root, "/sys/fs/cgroup")
	b.ReportAllocs()
	for b.Loop() {
		if got := len(walkDir(b, root)); got != size {
			b.Fatal(got)
		}
	}
}

func BenchmarkListThisHost(b *testing.B) {
	l := New(Config{})
	var rows []Cgroup
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if rows, _, err = l.List(b.Context(), rows[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(rows)), "cgroups")
}

func BenchmarkClassify(b *testing.B) {
	paths := []string{
		"/system.slice/ssh.service",
		"/system.slice/docker-" + id1 + ".scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" + id1 + ".scope",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/app.service",
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range paths {
			if _, name, _ := Classify(p); name == "" {
				b.Fatal(p)
			}
		}
	}
}
