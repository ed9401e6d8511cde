package hostprocs

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"
)

// One process, as a walk reads it.
func BenchmarkRead(b *testing.B) {
	r, pid := New(Config{}), uint32(os.Getpid())
	b.ReportAllocs()
	for b.Loop() {
		if p, err := r.read(pid, false); err != nil || p.StartTime == 0 {
			b.Fatal(p, err)
		}
	}
}

// The same by means of github.com/prometheus/procfs, which has the uid from /proc/PID/status.
func BenchmarkProcfs(b *testing.B) {
	fs, err := procfs.NewFS("/proc")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p, err := fs.Proc(os.Getpid())
		if err != nil {
			b.Fatal(err)
		}
		stat, err := p.Stat()
		if err != nil || stat.Starttime == 0 {
			b.Fatal(err)
		}
		status, err := p.NewStatus()
		if err != nil || status.UIDs[1] != uint64(os.Geteuid()) {
			b.Fatal(err)
		}
		if cgroups, err := p.Cgroups(); err != nil || len(cgroups) == 0 {
			b.Fatal(err)
		}
	}
}

func BenchmarkWalkThisHost(b *testing.B) {
	r, n := New(Config{}), 0
	b.ReportAllocs()
	for b.Loop() {
		report, err := r.Walk(b.Context(), func(*Process) {})
		if err != nil {
			b.Fatal(err)
		}
		n += report.Processes
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/process")
}

func BenchmarkParseStat(b *testing.B) {
	text := []byte("4711 (netipc)" + tail)
	b.ReportAllocs()
	for b.Loop() {
		if s, err := parseStat(text); err != nil || s.startTime != 3217 {
			b.Fatal(s, err)
		}
	}
}
