package increment_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// A handler that knows no typed wrapper may set its answer several times, or forget to: then there is none.
func TestAnswer(t *testing.T) {
	e := servicetest.NewEndpoint()
	failed := make(chan error, 10)
	cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler), OnEvent: ended(failed)}
	servicetest.Serve(t, service.NewServer[increment.Responder](e.MustListen(t), cfg,
		func(_ context.Context, v uint64, out *increment.Answer) error {
			for i := range v {
				out.Set(i)
			}
			return nil
		}))
	c := increment.NewClient(e.Dialer(), service.Config{})
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Call(t.Context(), 3); v != 2 || err != nil {
		t.Errorf("the last answer that was set is 2, not %d, %v", v, err)
	}
	var status *service.StatusError
	if _, err := c.Call(t.Context(), 0); !errors.As(err, &status) || status.Status != wire.StatusInternalError {
		t.Errorf("no answer was set: %v", err)
	}
	if err := linktest.Await(t, "the end of the session", failed); !errors.Is(err, increment.ErrNoAnswer) {
		t.Errorf("the session ended with %v", err)
	}
}

// Begin enlarges a buffer that is too short, and passes on why that cannot be.
func TestBeginGrows(t *testing.T) {
	var r increment.Responder
	var out increment.Answer
	grown := make([]byte, 8)
	if err := r.Begin(&out, 1, make([]byte, 7), func(int) ([]byte, error) { return grown, nil }); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Finish(&out); !errors.Is(err, increment.ErrNoAnswer) {
		t.Errorf("finished without an answer: %d, %v", n, err)
	}
	out.Set(7)
	n, err := r.Finish(&out)
	if v, bad := (increment.Method{}).DecodeResponse(grown[:n]); err != nil || bad != nil || v != 7 {
		t.Errorf("%d bytes, %v; %d, %v", n, err, v, bad)
	}
	if err := r.Begin(&out, 1, nil, func(int) ([]byte, error) { return nil, codec.ErrOverflow }); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("no room: %v", err)
	}
}

// ended returns a hook that sends why sessions end.
func ended(to chan<- error) func(link.Event) {
	return func(e link.Event) {
		if e.Kind == link.EventEnd {
			to <- e.Err
		}
	}
}
