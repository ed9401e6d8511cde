package hostlookup

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprocs"
)

// largeHost is a source with a table of n processes, sixteen in a cgroup: services, or containers with long labels.
func largeHost(n int, containers bool) *Source {
	s := NewSource(Config{}, slog.New(slog.DiscardHandler))
	t := &Table{started: time.Now().Add(24 * time.Hour), hierarchy: hostcgroups.Hierarchy{Version: 2, Mountpoint: "/sys/fs/cgroup", Root: "/"},
		cgroups: map[string]*cgroup{}, full: map[string]*cgroup{}}
	var c *cgroup
	for i := range n {
		if i%16 == 0 {
			path := fmt.Sprintf("/system.slice/docker-%064x.scope", i)
			row := hostcgroups.Cgroup{Path: path, FullPath: "/sys/fs/cgroup" + path, Name: fmt.Sprintf("web-%d", i), Kind: hostcgroups.KindDocker}
			facts := hostcgroups.Facts{Settled: true, Labels: []hostcgroups.Label{{Key: "container_id", Value: path[21:85]}, {Key: "image", Value: "nginx:1.27"}}}
			if !containers {
				unit := fmt.Sprintf("web-%d.service", i)
				path = "/system.slice/" + unit
				row = hostcgroups.Cgroup{Path: path, FullPath: "/sys/fs/cgroup" + path, Name: unit, Kind: hostcgroups.KindService}
				facts.Labels = []hostcgroups.Label{{Key: "slice", Value: "system.slice"}, {Key: "unit", Value: unit}}
			}
			c = prepare(row, facts)
			t.cgroups[path], t.full[row.FullPath] = c, c
		}
		pid := uint32(1000 + i*7)
		t.items = append(t.items, c.item(&hostprocs.Process{PID: pid, PPID: 1, UID: 1000, StartTime: uint64(i)}, "nginx"))
		t.pids.put(pid, i)
	}
	s.table.Store(t)
	return s
}

// keys is how many processes the bound of a lookup is about.
const keys = 32_768

// processes prepares a request for all processes of a large host.
func processes(tb testing.TB, s *Source, n int) (req applookup.RequestView, buf []byte) {
	pids := s.Get().PIDs()[:n]
	b := make([]byte, applookup.Request(pids).Size())
	if _, err := applookup.EncodeRequest(b, pids); err != nil {
		tb.Fatal(err)
	}
	req, err := applookup.DecodeRequest(b)
	if err != nil {
		tb.Fatal(err)
	}
	return req, make([]byte, 1024*n+64)
}

func BenchmarkProcesses(b *testing.B) {
	b.Run("services", func(b *testing.B) { benchProcesses(b, largeHost(keys, false)) })
	b.Run("containers", func(b *testing.B) { benchProcesses(b, largeHost(keys, true)) })
}

// BenchmarkTable is what of that is not the builder's.
func BenchmarkTable(b *testing.B) {
	t := largeHost(keys, true).Get()
	pids := t.PIDs()
	for b.Loop() {
		for _, pid := range pids {
			if it, ok := t.Process(pid); !ok || it.PID != pid {
				b.Fatal(pid)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
}

func benchProcesses(b *testing.B, s *Source) {
	req, buf := processes(b, s, keys)
	var out applookup.Builder
	b.ReportAllocs()
	for b.Loop() {
		if err := out.Reset(buf, nil, len(buf), req); err != nil {
			b.Fatal(err)
		}
		if err := s.Processes(b.Context(), req, &out); err != nil {
			b.Fatal(err)
		}
		if _, err := out.Finish(); err != nil || out.Len() != keys || out.Full() {
			b.Fatal(out.Len(), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
}

func BenchmarkCgroups(b *testing.B) {
	b.Run("services", func(b *testing.B) { benchCgroups(b, largeHost(16*keys, false)) })
	b.Run("containers", func(b *testing.B) { benchCgroups(b, largeHost(16*keys, true)) })
}

func benchCgroups(b *testing.B, s *Source) {
	var paths []string
	for path := range s.Get().cgroups {
		paths = append(paths, path)
	}
	raw := make([]byte, cgrouplookup.Request(paths).Size())
	if _, err := cgrouplookup.EncodeRequest(raw, paths); err != nil {
		b.Fatal(err)
	}
	req, err := cgrouplookup.DecodeRequest(raw)
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 1024*len(paths))
	var out cgrouplookup.Builder
	b.ReportAllocs()
	for b.Loop() {
		if err := out.Reset(buf, nil, len(buf), req); err != nil {
			b.Fatal(err)
		}
		if err := s.Cgroups(b.Context(), req, &out); err != nil {
			b.Fatal(err)
		}
		if _, err := out.Finish(); err != nil || out.Full() {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(paths)), "ns/key")
}

// A table of this host, when there is one already.
func BenchmarkRefreshThisHost(b *testing.B) {
	s := NewSource(Config{}, slog.New(slog.DiscardHandler))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	t := s.Get()
	b.ReportMetric(float64(t.Processes()), "processes")
	b.ReportMetric(float64(t.Cgroups()), "cgroups")
}

// What is known is answered without an allocation, and without a look at the host.
func TestKnownCostsNoAllocation(t *testing.T) {
	s := largeHost(1000, true)
	req, buf := processes(t, s, 1000)
	var out applookup.Builder
	allocs := testing.AllocsPerRun(10, func() {
		if err := out.Reset(buf, nil, len(buf), req); err != nil {
			t.Fatal(err)
		}
		if err := s.Processes(t.Context(), req, &out); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 || out.Len() != 1000 {
		t.Errorf("%v allocations, %d answers", allocs, out.Len())
	}
}
