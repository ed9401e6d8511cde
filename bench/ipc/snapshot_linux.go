package ipc

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/local"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// snapshotRoom is what both sides agree to, in bytes.
const snapshotRoom = 64 << 20

// serveSnapshot serves so many items, of which the last one changes from answer to answer if it is told so.
func serveSnapshot(o orders) error {
	var answers [2][]byte
	for i := range answers {
		s := local.Snapshot(o.Items)
		if o.Changing {
			s.Items[o.Items-1].Options = uint32(i)
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
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: config(o.RunDir)})
	if err != nil {
		return err
	}
	var asked atomic.Int64
	return cgroupsnapshot.NewServer(l, service.ServerConfig{Supported: o.Profile, MaxResponsePayload: snapshotRoom},
		func(_ context.Context, _ payload.Request, out *payload.Builder) error {
			return out.SetEncoded(answers[asked.Add(1)%2])
		}).Serve(context.Background())
}

// snapshots asks for snapshots for about d.
func snapshots(ctx context.Context, d time.Duration, t Transport, items int, how string) (_ bench.Sample, err error) {
	if err := t.offered(); err != nil {
		return nil, err
	}
	p, stop, err := start(place.Any, roleSnapshot, orders{Profile: t.profile, Items: items, Changing: how == Changed})
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	dialer, err := posix.NewDialer(posix.DialConfig{Config: p.where})
	if err != nil {
		return nil, err
	}
	client := service.Config{Proposal: link.Proposal{Supported: t.profile, ResponsePayload: snapshotRoom}, MaxResponsePayload: snapshotRoom}
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
	if _, err := once(ctx, func() (bool, error) { return control.Refresh(ctx) }); err != nil {
		return nil, err
	}
	every := max(1, 1000/items)
	trips, took, err := side.Repeat(ctx, d, every, trip)
	if err != nil {
		return nil, err
	}
	return side.PerTrip(probe.RoundTrip, trips, took), nil
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
