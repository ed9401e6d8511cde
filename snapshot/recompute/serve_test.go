package recompute_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/recompute"
)

// 64 clients ask as fast as they can: a snapshot is encoded once a generation, its generation is the one on the wire,
// and every client sees them grow.
func TestEncodedOnceAGeneration(t *testing.T) {
	const clients, generations = 64, 20
	var mu sync.Mutex
	encoded := map[uint64]int{}
	r := recompute.New(recompute.Config[payload.Snapshot]{
		Interval: -1,
		Encode: func(s *recompute.Snapshot[payload.Snapshot]) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			encoded[s.Gen]++
			return cgroupsnapshot.Encode(s.Value, s.Gen)
		},
	}, func(_ context.Context, prev *recompute.Snapshot[payload.Snapshot]) (payload.Snapshot, error) {
		var s payload.Snapshot
		for i := range prev.Next() {
			s.Items = append(s.Items, payload.Item{Name: fmt.Sprint("unit-", i), Path: "/"})
		}
		return s, nil
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	net := linktest.NewNetwork()
	l, err := net.Listen(cgroupsnapshot.ServiceName, linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	server := cgroupsnapshot.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}, cgroupsnapshot.Encoded(r.Encoded))
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background()) }()

	var all [clients]*cgroupsnapshot.Client
	for i := range all {
		all[i] = cgroupsnapshot.NewClient(net.Dialer(cgroupsnapshot.ServiceName), service.Config{})
		defer all[i].Close()
		if _, err := all[i].Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for newest := uint64(1); newest < generations; newest++ {
		var round sync.WaitGroup
		for _, c := range all {
			round.Go(func() {
				last := newest
				for range 30 {
					err := c.View(t.Context(), func(v payload.ResponseView) error {
						if g := v.Generation(); g < last || g > newest+1 || uint64(v.Len()) != g {
							t.Errorf("%d items of generation %d after %d", v.Len(), g, last)
						} else {
							last = g
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		if _, err := r.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		round.Wait()
	}
	mu.Lock()
	defer mu.Unlock()
	for g := range uint64(generations) {
		if encoded[g+1] != 1 {
			t.Errorf("generation %d was encoded %d times", g+1, encoded[g+1])
		}
	}
	if len(encoded) != generations {
		t.Errorf("%d generations were encoded", len(encoded))
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
