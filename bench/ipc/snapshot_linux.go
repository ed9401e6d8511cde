package ipc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/local"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/side"
	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// roleSnapshot is the other side of snapshots.
const roleSnapshot = "snapshot"

// snapshotRoom is what both sides agree to, in bytes.
const snapshotRoom = 64 << 20

func snapshotConfig(profile, runDir string) (posix.Config, error) {
	if profile != "uds" {
		return posix.Config{}, fmt.Errorf("no profile %q", profile)
	}
	return posix.Config{RunDir: runDir, Service: cgroupsnapshot.ServiceName}, nil
}

// serveSnapshot serves what it is told on the first file: profile, number of items, whether the last one changes from
// answer to answer, and directory.
func serveSnapshot() error {
	in := os.NewFile(peer.FirstFile, "orders")
	text, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	orders, runDir, _ := strings.Cut(string(text), "\n")
	var profile, how string
	var items int
	if _, err := fmt.Sscan(orders, &profile, &items, &how); err != nil {
		return fmt.Errorf("orders %q: %w", orders, err)
	}
	cfg, err := snapshotConfig(profile, runDir)
	if err != nil {
		return err
	}
	var answers [2][]byte
	for i := range answers {
		s := local.Snapshot(items)
		if how == Changed {
			s.Items[items-1].Options = uint32(i)
		}
		size, err := s.Size()
		if err != nil {
			return err
		}
		answers[i] = make([]byte, size)
		if _, err := s.Encode(answers[i]); err != nil {
			return err
		}
	}
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: cfg})
	if err != nil {
		return err
	}
	var asked atomic.Int64
	return cgroupsnapshot.NewServer(l, service.ServerConfig{MaxResponsePayload: snapshotRoom},
		func(_ context.Context, _ payload.Request, out *payload.Builder) error {
			return out.SetEncoded(answers[asked.Add(1)%2])
		}).Serve(context.Background())
}

// snapshots asks for snapshots for about d.
func snapshots(ctx context.Context, d time.Duration, profile string, items int, how string) (_ bench.Sample, err error) {
	runDir, err := os.MkdirTemp("", "netipc-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(runDir)
	cfg, err := snapshotConfig(profile, runDir)
	if err != nil {
		return nil, err
	}
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(tell, "%s %d %s\n%s", profile, items, how, runDir)
	if err = errors.Join(err, tell.Close()); err != nil {
		told.Close()
		return nil, err
	}
	_, stop, err := side.Start(place.Any, roleSnapshot, told)
	told.Close()
	if err != nil {
		return nil, err
	}
	defer stop(&err)

	dialer, err := posix.NewDialer(posix.DialConfig{Config: cfg})
	if err != nil {
		return nil, err
	}
	client := service.Config{Proposal: link.Proposal{ResponsePayload: snapshotRoom}, MaxResponsePayload: snapshotRoom}
	var control service.Control
	var trip func() error
	if how == Transfer {
		c := cgroupsnapshot.NewClient(dialer, client)
		control, trip = c.Control, transfer(ctx, c, items)
	} else {
		c := cgroups.New(dialer, cgroups.Config{Client: client})
		control, trip = c.Client(), refreshed(ctx, c, items, how)
	}
	defer control.Close()
	if err := connect(ctx, control); err != nil {
		return nil, err
	}
	every := max(1, 1000/items)
	trips, took, err := side.Repeat(ctx, d, every, trip)
	if err != nil {
		return nil, err
	}
	return side.PerTrip(roundTrip, trips, took), nil
}

func transfer(ctx context.Context, c *cgroupsnapshot.Client, items int) func() error {
	return func() error {
		return c.View(ctx, func(v payload.ResponseView) error {
			if v.Len() != items {
				return fmt.Errorf("%d items, want %d", v.Len(), items)
			}
			return nil
		})
	}
}

// refreshed is one refresh, and a look at whether it was what it is taken for.
func refreshed(ctx context.Context, c *cgroups.Cache, items int, how string) func() error {
	first := true
	return func() error {
		before := c.Status().Unchanged
		err := c.Refresh(ctx)
		known := c.Status().Unchanged > before
		switch {
		case err != nil:
			return err
		case c.Snapshot().Len() != items:
			return fmt.Errorf("%d items, want %d", c.Snapshot().Len(), items)
		case !first && known != (how == Unchanged):
			return fmt.Errorf("taken for unchanged: %v, in a case of %s", known, how)
		}
		first = false
		return nil
	}
}
