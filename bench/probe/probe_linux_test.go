package probe

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
)

func TestMain(m *testing.M) {
	roles := Roles()
	roles["quits"] = func() error { return nil }
	peer.Main(roles)
	os.Exit(m.Run())
}

// Every probe gives a value that can be, and leaves no process behind.
func TestProbes(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			result, err := bench.Run(t.Context(), []bench.Case{c}, bench.Options{Rounds: 1, Duration: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if why, skipped := result.Skipped[c.Name]; skipped {
				t.Skip(why)
			}
			if len(result.Rows) == 0 || result.Rows[0].Value <= 0 {
				t.Errorf("%+v, want rows, the first with a value above 0", result.Rows)
			}
			if sys.HasChildren() {
				t.Error("a child process is left")
			}
		})
	}
}

// A probe ends when its context does, also in the middle of a sample, and then too leaves nothing behind.
func TestProbesAreCancelled(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if c.Prepare != nil {
				cleanup, err := c.Prepare(t.Context())
				if err != nil {
					t.Skip(err)
				}
				defer cleanup()
			}
			if s, err := c.Run(ctx, time.Hour); err == nil {
				t.Errorf("%v after a sample of an hour", s)
			}
			if sys.HasChildren() {
				t.Error("a child process is left")
			}
		})
	}
}

// A peer that ends in the middle is an error, not a wait for ever.
func TestDeadPeerIsNoticed(t *testing.T) {
	for name, trip := range map[string]trip{"spinning": spinning, "sleeping": sleeping} {
		if _, err := overMemory(t.Context(), time.Hour, place.Any, "quits", 0, trip); !errors.Is(err, errPeerGone) {
			t.Errorf("%s: %v, want %v", name, err, errPeerGone)
		}
	}
	for name, p := range plays {
		if _, err := overRegion(t.Context(), time.Hour, place.Any, "quits", p); !errors.Is(err, errPeerGone) {
			t.Errorf("%s: %v, want %v", name, err, errPeerGone)
		}
	}
	for name, open := range map[string]func(*os.File) (end, error){
		"blocking": blockingEnd, "spinning": spinningEnd, "polling": pollingEnd,
	} {
		if _, err := overSocket(t.Context(), time.Hour, place.Any, "quits", 0, 0, open); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v, want %v", name, err, io.EOF)
		}
	}
}
