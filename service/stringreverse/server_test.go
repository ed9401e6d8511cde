package stringreverse_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	payload "github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/servicetest"
	"github.com/plugin-ipc/netipc/service/stringreverse"
)

// A handler may answer several times, and the last one counts, or not at all, and the answer is empty.
func TestHandler(t *testing.T) {
	e := servicetest.NewEndpoint()
	cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}
	servicetest.Serve(t, stringreverse.NewServer(e.MustListen(t), cfg,
		func(_ context.Context, s codec.StrView, out *payload.Builder) error {
			for i := range s.Len() {
				if err := out.SetString(strings.Repeat("-", 9-i)); err != nil {
					return err
				}
				if i%2 == 1 {
					if err := out.SetReversed(s); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	c := stringreverse.NewClient(e.Dialer(), service.Config{})
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]string{"": "", "a": "---------", "ab": "ba", "abc": "-------"} {
		if got, err := c.Call(t.Context(), s); got != want || err != nil {
			t.Errorf("%q is answered %q, %v, want %q", s, got, err, want)
		}
	}
}

// A builder's error may be ignored: the client learns that the answer did not fit, and gets more room.
func TestHandlerIgnoresOverflow(t *testing.T) {
	for name, limit := range map[string]uint32{"configured": 100, "not configured": 0} {
		t.Run(name, func(t *testing.T) {
			e := servicetest.NewEndpoint()
			cfg := service.ServerConfig{MaxResponsePayload: limit, Logger: slog.New(slog.DiscardHandler)}
			servicetest.Serve(t, stringreverse.NewServer(e.MustListen(t), cfg,
				func(_ context.Context, s codec.StrView, out *payload.Builder) error {
					_ = out.SetString(strings.Repeat(s.String(), 100_000))
					return nil
				}))
			c := stringreverse.NewClient(e.Dialer(), service.Config{})
			defer c.Close()
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := c.Call(t.Context(), "x")
			var growth *service.GrowthError
			switch {
			case limit == 0 && (err != nil || len(got) != 100_000):
				t.Errorf("%d bytes, %v", len(got), err)
			case limit != 0 && !errors.As(err, &growth):
				t.Errorf("%d bytes, %v, want a GrowthError", len(got), err)
			}
		})
	}
}
