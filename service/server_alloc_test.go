package service_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	typed "github.com/plugin-ipc/netipc/service/increment"
)

// newIncrement serves INCREMENT and opens a session with it.
func newIncrement(tb testing.TB, cfg service.ServerConfig, items uint32) link.Conn {
	tb.Helper()
	net := linktest.NewNetwork()
	l, err := net.Listen("increment", linktest.ListenConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	s := typed.NewServer(l, cfg, typed.Next)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	c, err := net.Dialer("increment").Dial(context.Background(), link.Proposal{RequestItems: items, RequestPayload: 64 << 10})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		c.Close()
		s.Close()
		if err := linktest.Await(tb, "Serve", served); err != nil {
			tb.Error(err)
		}
	})
	return c
}

func TestServerAllocatesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		cfg   service.ServerConfig
		items int
	}{
		"plain":            {items: 1},
		"batch of 2":       {items: 2},
		"batch of 1000":    {items: 1000},
		"with latency":     {cfg: service.ServerConfig{MeasureLatency: true}, items: 1},
		"with event hook":  {cfg: service.ServerConfig{OnEvent: func(link.Event) {}}, items: 1},
		"without timeouts": {cfg: service.ServerConfig{SendTimeout: -1}, items: 1},
	} {
		t.Run(name, func(t *testing.T) {
			conn := newIncrement(t, c.cfg, 1000)
			var m link.Message
			call := func() { incrementRaw(t, conn, &m, c.items) }
			for range 50 {
				call()
			}
			if n := testing.AllocsPerRun(200, call); n != 0 {
				t.Errorf("%v allocations a request, client and transport included", n)
			}
		})
	}
}

// incrementRaw asks for items numbers at once, without a typed client.
func incrementRaw(tb testing.TB, conn link.Conn, m *link.Message, items int) {
	h := wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: 1}
	size := 8
	if items > 1 {
		h.Flags, h.ItemCount, size = wire.FlagBatch, uint32(items), wire.BatchSize(items, 8)
	}
	b, err := conn.Reserve(size)
	if err != nil {
		tb.Fatal(err)
	}
	if items == 1 {
		binary.NativeEndian.PutUint64(b, 41)
	} else {
		var batch wire.BatchBuilder
		batch.Reset(b, items)
		for range items {
			room, _ := batch.Next()
			binary.NativeEndian.PutUint64(room, 41)
			batch.Done(8)
		}
		size = batch.Finish()
	}
	if err := conn.Commit(h, size, nil); err != nil {
		tb.Fatal(err)
	}
	if err := conn.Recv(m, nil); err != nil {
		tb.Fatal(err)
	}
	last := m.Payload
	if items > 1 {
		last = m.Batch().Item(items - 1)
	}
	if m.Header.Status != wire.StatusOK || int(m.Header.ItemCount) != items || binary.NativeEndian.Uint64(last) != 42 {
		tb.Fatalf("answer %+v", m.Header)
	}
}

func BenchmarkServer(b *testing.B) {
	for name, c := range map[string]struct {
		latency bool
		items   int
	}{
		"increment":                 {false, 1},
		"increment, measured":       {true, 1},
		"increment x1000":           {false, 1000},
		"increment x1000, measured": {true, 1000},
	} {
		b.Run(name, func(b *testing.B) {
			conn := newIncrement(b, service.ServerConfig{MeasureLatency: c.latency}, 1000)
			var m link.Message
			b.ReportAllocs()
			for b.Loop() {
				incrementRaw(b, conn, &m, c.items)
			}
		})
	}
}
