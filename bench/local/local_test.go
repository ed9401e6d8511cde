package local

import (
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
	if len(result.Rows) != len(cases) {
		t.Errorf("%d rows of %d cases", len(result.Rows), len(cases))
	}
	for _, r := range result.Rows {
		if r.Value <= 0 {
			t.Errorf("%s is %v %s", r.Name, r.Value, r.Unit)
		}
	}
}

func TestNamesAndPaths(t *testing.T) {
	for _, it := range snapshot(10).Items {
		if len(it.Name) != 24 || len(it.Path) != 80 {
			t.Errorf("a name of %d bytes, a path of %d, want 24 and 80", len(it.Name), len(it.Path))
		}
	}
}
