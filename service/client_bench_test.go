package service_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
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

// BenchmarkEngine is a call whose answer is there at once: no transport, no other goroutine. bare is the same without
// an engine: the difference is what it costs.
func BenchmarkEngine(b *testing.B) {
	for _, depth := range []int{1, 64} {
		tap := &tapped{conn: func(conn link.Conn) link.Conn { return newMirror(conn, depth) }}
		for name, ctx := range contexts(b) {
			b.Run(fmt.Sprintf("depth=%d/%s", depth, name), func(b *testing.B) {
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
	b.Run("bare", func(b *testing.B) {
		var m number
		var in link.Message
		var conn link.Conn = &mirror{buf: make([]byte, 64), in: make([]byte, 40)}
		h := wire.Header{Kind: wire.KindRequest, Code: uint16(m.Code()), ItemCount: 1}
		for b.Loop() {
			h.MessageID++
			buf, _ := conn.Reserve(8)
			n, _ := m.EncodeRequest(buf, 1)
			if _, err := conn.Exchange(h, n, &in, nil, nil); err != nil {
				b.Fatal(err)
			}
			if v, err := m.DecodeResponse(in.Payload); err != nil || v != 1 {
				b.Fatal(v, err)
			}
		}
	})
}

// contexts are the kinds of context that a call may come with.
func contexts(tb testing.TB) map[string]context.Context {
	withCancel, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	withTimeout, cancel := context.WithTimeout(context.Background(), time.Hour)
	tb.Cleanup(cancel)
	return map[string]context.Context{"Background": context.Background(), "WithCancel": withCancel, "WithTimeout": withTimeout}
}
