package cgroupsnapshot_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// A producer that encodes a snapshot once answers all requests with one copy each.
func TestServeEncoded(t *testing.T) {
	var current atomic.Pointer[[]byte]
	store := func(s *payload.Snapshot) {
		size, err := s.Size()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := s.Encode(b); err != nil {
			t.Fatal(err)
		}
		current.Store(&b)
	}
	net := linktest.NewNetwork()
	serve(t, net, service.ServerConfig{}, func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		return out.SetEncoded(*current.Load())
	})
	c := dial(t, net, service.Config{})
	var got payload.Snapshot
	for _, items := range []int{0, 3, 5000, 1} {
		want := cgroups(items)
		store(want)
		if err := c.Get(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		if !got.Equal(*want) {
			t.Errorf("%d items:\n%s", items, cmp.Diff(*want, got, owned))
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := c.Get(context.Background(), &got); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
}

// What a handler does with its builder's error does not matter, and what cannot be encoded is no matter of size.
func TestBuilderErrors(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(out *payload.Builder) error
		want    wire.Status
	}{
		"NUL, returned": {func(out *payload.Builder) error { return out.Add(1, 0, 0, "a\x00b", "p") }, wire.StatusInternalError},
		"NUL, ignored":  {func(out *payload.Builder) error { out.Add(1, 0, 0, "a\x00b", "p"); return nil }, wire.StatusInternalError},
		"too many, returned": {func(out *payload.Builder) (err error) {
			for range 100 {
				err = out.Add(1, 0, 0, "a", "p")
			}
			return err
		}, wire.StatusLimitExceeded},
		"too many, ignored": {func(out *payload.Builder) error {
			for range 100 {
				out.Add(1, 0, 0, "a", "p")
			}
			return nil
		}, wire.StatusLimitExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			net := linktest.NewNetwork()
			serve(t, net, service.ServerConfig{MaxResponsePayload: 500}, func(_ context.Context, _ payload.Request, out *payload.Builder) error {
				return c.handler(out)
			})
			client := dial(t, net, service.Config{})
			err := client.View(t.Context(), func(payload.ResponseView) error { return nil })
			var status *service.StatusError
			if !errors.As(err, &status) || status.Status != c.want {
				t.Errorf("%v, want status %v", err, c.want)
			}
		})
	}
}
