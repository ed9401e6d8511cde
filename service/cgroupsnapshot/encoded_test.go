package cgroupsnapshot_test

import (
	"context"
	"errors"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

// A handler that copies what was encoded before answers like one that builds, under the generation that was given,
// and allocates nothing.
func TestEncodedHandler(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		want := cgroups(n)
		b, err := cgroupsnapshot.Encode(*want, 77)
		if err != nil {
			t.Fatal(err)
		}
		want.Generation = 77
		net := linktest.NewNetwork()
		serve(t, net, service.ServerConfig{}, cgroupsnapshot.Encoded(func(context.Context) ([]byte, error) { return b, nil }))
		c := dial(t, net, service.Config{})
		var got payload.Snapshot
		if err := c.Get(t.Context(), &got); err != nil || !got.Equal(*want) {
			t.Errorf("%d items: %d of generation %d, %v", n, len(got.Items), got.Generation, err)
		}
		if n > 1 { // the transport of the test then has buffers that the garbage collector may take
			continue
		}
		if n := testing.AllocsPerRun(200, func() {
			if err := c.Get(context.Background(), &got); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d items: %v allocations a request", len(want.Items), n)
		}
	}
}

// What has nothing to answer with answers INTERNAL_ERROR; so does what is not a snapshot.
func TestEncodedHandlerFails(t *testing.T) {
	for name, current := range map[string]func(context.Context) ([]byte, error){
		"error":     func(context.Context) ([]byte, error) { return nil, errors.New("planted") },
		"nothing":   func(context.Context) ([]byte, error) { return nil, nil },
		"too short": func(context.Context) ([]byte, error) { return make([]byte, 5), nil },
	} {
		t.Run(name, func(t *testing.T) {
			net := linktest.NewNetwork()
			serve(t, net, service.ServerConfig{}, cgroupsnapshot.Encoded(current))
			c := dial(t, net, service.Config{})
			err := c.View(t.Context(), func(payload.ResponseView) error { return nil })
			var status *service.StatusError
			if !errors.As(err, &status) || status.Status != wire.StatusInternalError {
				t.Errorf("%v, want INTERNAL_ERROR", err)
			}
		})
	}
}
