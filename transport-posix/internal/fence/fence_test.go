package fence

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// An owner begins, looks whether it may, and ends; others forbid it and look whether it is at it. Never does an owner go on
// that they have found away, however the two fall together.
func TestAgreement(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.NumCPU())))
	for round := range 1000 {
		if round == 500 {
			Prepare() // both ways, and from one to the other
		}
		var use Count
		var forbidden, gone atomic.Bool
		var owner sync.WaitGroup
		ready := make(chan struct{})
		owner.Go(func() {
			close(ready)
			for {
				use.Begin()
				if forbidden.Load() {
					use.End()
					return
				}
				if gone.Load() {
					t.Error("the owner goes on in what was given up")
				}
				use.End()
			}
		})
		<-ready
		forbidden.Store(true)
		All()
		for use.Busy() {
			runtime.Gosched()
		}
		gone.Store(true)
		owner.Wait()
		if use.Busy() {
			t.Fatal("odd in the end")
		}
	}
}

func TestCountNeverComesBack(t *testing.T) {
	var use Count
	last := use.Now()
	for range 100 {
		use.Begin()
		if !use.Busy() || use.Now() == last {
			t.Fatalf("begun: %d after %d", use.Now(), last)
		}
		use.End()
		if use.Busy() || use.Now() == last {
			t.Fatalf("ended: %d after %d", use.Now(), last)
		}
		last = use.Now()
	}
}

func BenchmarkBeginEnd(b *testing.B) {
	var use Count
	for range b.N {
		use.Begin()
		use.End()
	}
}
