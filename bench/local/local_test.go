package local

import (
	"path"
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
		if r.Value < 0 || r.Value == 0 && path.Base(r.Name) != "index" { // one sample may be slower than another
			t.Errorf("%s is %v %s", r.Name, r.Value, r.Unit)
		}
	}
}

func TestNamesAndPaths(t *testing.T) {
	for _, it := range Snapshot(10).Items {
		if len(it.Name) != 24 || len(it.Path) != 80 {
			t.Errorf("a name of %d bytes, a path of %d, want 24 and 80", len(it.Name), len(it.Path))
		}
	}
}
