package place

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
)

func TestStart(t *testing.T) {
	before := cpus(t)
	for _, p := range []Placement{One, Two} {
		t.Run(string(p), func(t *testing.T) {
			here, there, err := p.CPUs()
			if why := bench.Skip(""); errors.As(err, &why) {
				t.Skip(why)
			}
			if err != nil {
				t.Fatal(err)
			}
			if (here == there) != (p == One) {
				t.Errorf("processors %d and %d", here, there)
			}
			procs := runtime.GOMAXPROCS(0)
			leave, err := p.Start(func() error {
				if got := cpus(t); !slices.Equal(got, []int{there}) {
					t.Errorf("the other side starts on %v, want %d", got, there)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := cpus(t); !slices.Equal(got, []int{here}) {
				t.Errorf("this side runs on %v, want %d", got, here)
			}
			if got := runtime.GOMAXPROCS(0); got != 1 {
				t.Errorf("this side thinks that it has %d processors", got)
			}
			if err := leave(); err != nil {
				t.Error(err)
			}
			if got := runtime.GOMAXPROCS(0); got != procs {
				t.Errorf("left with %d processors, want %d", got, procs)
			}
			if got := cpus(t); !slices.Equal(got, before) {
				t.Errorf("left on %v, want %v", got, before)
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	before, broken := cpus(t), errors.New("broken")
	for _, p := range []Placement{Any, One} {
		if _, err := p.Start(func() error { return broken }); !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %v", p, err, broken)
		}
		if got := cpus(t); !slices.Equal(got, before) {
			t.Errorf("%s: left on %v, want %v", p, got, before)
		}
	}
}

func cpus(t *testing.T) []int {
	t.Helper()
	got, err := sys.CPUs()
	if err != nil {
		t.Fatal(err)
	}
	return got
}
