package service_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/service"
)

func TestCallAllocatesNothing(t *testing.T) {
	c, _ := newPair(t, service.Config{}, incrementInPlace)
	connect(t, c)
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	timed, cancel2 := context.WithTimeout(t.Context(), time.Hour)
	defer cancel2()
	for name, ctx := range map[string]context.Context{
		"Background": context.Background(), "WithCancel": cancelled, "WithTimeout": timed,
	} {
		t.Run(name, func(t *testing.T) {
			var got uint64
			one := func() {
				if err := c.Call(ctx, 41, func(v uint64) error { got = v; return nil }); err != nil || got != 42 {
					t.Fatalf("%d, %v", got, err)
				}
			}
			for range 10 {
				one()
			}
			if n := testing.AllocsPerRun(200, one); n != 0 {
				t.Errorf("%v allocations a call, want 0", n)
			}
		})
	}
}

// TestCallAllocatesNothingUnderLoad counts the allocations of the whole process while 64 goroutines call.
func TestCallAllocatesNothingUnderLoad(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget things, so timers are allocated")
	}
	c, _ := newPair(t, service.Config{}, incrementInPlace)
	connect(t, c)
	const goroutines, calls = 64, 200
	begin, end := make(chan struct{}), make(chan struct{})
	var ready, done sync.WaitGroup
	for g := range goroutines {
		ready.Add(1)
		done.Add(1)
		go func() {
			ctx := context.Background()
			if g%2 == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				defer cancel()
			}
			run := func(n int) {
				for range n {
					if _, err := call(ctx, c, 1); err != nil {
						t.Error(err)
						return
					}
				}
			}
			run(50)
			ready.Done()
			<-begin
			run(calls)
			done.Done()
			<-end
		}()
	}
	ready.Wait()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties the pools
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	close(begin)
	done.Wait()
	runtime.ReadMemStats(&after)
	close(end)
	// The runtime itself allocates now and then (sudogs, stacks); a call that did would show 12,800 times.
	if n := after.Mallocs - before.Mallocs; n > goroutines*calls/20 {
		t.Errorf("%d allocations in %d calls", n, goroutines*calls)
	}
}
