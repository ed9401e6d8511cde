package local_test

import (
	"context"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
)

// TestCallAllocatesNothing counts the allocations of the whole process: the client's, the server's and the
// transport's, of an INCREMENT call and of a batch.
func TestCallAllocatesNothing(t *testing.T) {
	supported(t)
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget things, so buffers are allocated")
	}
	l, d := endpoint(t)
	s := increment.NewServer(l, service.ServerConfig{}, increment.Next)
	running(t, s.Serve)
	c := connected(t, d, service.Config{})
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	timed, cancel2 := context.WithTimeout(t.Context(), time.Hour)
	defer cancel2()
	in, out := make([]uint64, 50), make([]uint64, 50)
	for name, ctx := range map[string]context.Context{
		"Background": context.Background(), "WithCancel": cancelled, "WithTimeout": timed,
	} {
		for what, call := range map[string]func() error{
			"single": func() error { _, err := c.Call(ctx, 41); return err },
			"batch":  func() error { return c.CallBatch(ctx, in, out) },
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				for range 20 {
					if err := call(); err != nil {
						t.Fatal(err)
					}
				}
				if n := testing.AllocsPerRun(200, func() {
					if err := call(); err != nil {
						t.Fatal(err)
					}
				}); n != 0 {
					t.Errorf("%v allocations, want 0", n)
				}
			})
		}
	}
}
