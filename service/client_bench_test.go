package service_test

import (
	"context"
	"sync"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// BenchmarkCall is one call of a fixed size over the transport in memory: what is left of it without Level 1 is
// the engine's own.
func BenchmarkCall(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(map[int]string{1: "alone", 8: "8 callers", 64: "64 callers"}[callers], func(b *testing.B) {
			c, _ := newPair(b, service.Config{}, incrementInPlace)
			connect(b, c)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for g := range callers {
				wg.Go(func() {
					for range (b.N + g) / callers {
						if _, err := call(context.Background(), c, 1); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// BenchmarkEngine is a call whose answer is there at once: no transport, no other goroutine.
func BenchmarkEngine(b *testing.B) {
	cancelled, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, ctx := range map[string]context.Context{"Background": context.Background(), "WithCancel": cancelled} {
		b.Run(name, func(b *testing.B) {
			tap := &tapped{conn: func(conn link.Conn) link.Conn {
				return &mirror{Conn: conn, buf: make([]byte, 64), in: make([]byte, 40)}
			}}
			c := stage{serve: silent}.open(b, service.Config{}, tap)
			connect(b, c)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(ctx, c, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
