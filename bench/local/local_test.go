package local

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/bench"
)

func TestCasesMeasureSomething(t *testing.T) {
	cases := Cases()
	result, err := bench.Run(t.Context(), cases, bench.Options{Rounds: 1, Duration: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]bool{}
	for _, r := range result.Rows {
		measured[path.Dir(r.Name)] = true
	}
	if len(measured) != len(cases) {
		t.Errorf("%d cases of %d have rows", len(measured), len(cases))
	}
	for _, r := range result.Rows {
		// A read is shorter than a look at the clock more often than not, and one sample may be slower than another.
		mayBeNothing := strings.HasSuffix(r.Name, "/allocations") || strings.HasPrefix(r.Name, RecomputeReaders+"/p") || strings.HasPrefix(path.Base(r.Name), "index")
		if r.Value < 0 || r.Value == 0 && !mayBeNothing {
			t.Errorf("%s is %v %s", r.Name, r.Value, r.Unit)
		}
	}
	if len(measured) != len(cases) {
		t.Errorf("rows of %d cases of %d", len(measured), len(cases))
	}
}

func TestNamesAndPaths(t *testing.T) {
	for _, it := range Snapshot(10).Items {
		if len(it.Name) != 24 || len(it.Path) != 80 {
			t.Errorf("a name of %d bytes, a path of %d, want 24 and 80", len(it.Name), len(it.Path))
		}
	}
}

// Each value is in a bucket that says so to a sixteenth, and quantiles are of the values.
func TestLatencies(t *testing.T) {
	for ns := int64(0); ns < 1<<40; ns += 1 + ns/7 {
		b := bucket(ns)
		if top(b) < ns || top(b)-ns > ns/16 || b > 0 && top(b-1) >= ns {
			t.Errorf("%d is in bucket %d, up to %d", ns, b, top(b))
		}
	}
	var l, half latencies
	for ns := range int64(1000) {
		l.note(ns + 1)
		half.note(5000)
	}
	l.add(&half)
	if q := l.quantile(0.25); q < 500 || q > 532 {
		t.Errorf("a quarter of the values are up to %d", q)
	}
	if l.quantile(0.5) < 1000 || l.quantile(0.5) > 1063 || l.quantile(0.51) != 5000 || l.quantile(1) != 5000 || l.most != 5000 {
		t.Errorf("%d %d %d", l.quantile(0.5), l.quantile(0.51), l.quantile(1))
	}
}
