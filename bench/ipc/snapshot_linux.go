package ipc

import (
	"context"
	"errors"
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
	var trip, judge func() error
	if how == Transfer {
		c := cgroupsnapshot.NewClient(dialer, client)
		control, trip, judge = c.Control, transfer(ctx, c, items), func() error { return nil }
	} else {
		c := cgroups.New(dialer, cgroups.Config{Client: client})
		control, trip, judge = c.Client(), refresh(ctx, c, items), func() error { return known(c, how) }
	}
	defer control.Close()
	if _, err := once(ctx, func() (bool, error) { return control.Refresh(ctx) }); err != nil {
		return nil, err
	}
	every := max(1, 1000/items)
	trips, took, err := side.Repeat(ctx, d, every, trip)
	if err := errors.Join(err, judge()); err != nil {
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

func refresh(ctx context.Context, c *cgroups.Cache, items int) func() error {
	return func() error {
		if err := c.Refresh(ctx); err != nil {
			return err
		}
		if n := c.Snapshot().Len(); n != items {
			return fmt.Errorf("%d items, want %d", n, items)
		}
		return nil
	}
}

// known looks whether the refreshes were what they are taken for. The first one of a cache finds all of it new.
func known(c *cgroups.Cache, how string) error {
	want, st := uint64(0), c.Status()
	if how == Unchanged {
		want = st.Refreshes - 1
	}
	if st.Unchanged != want {
		return fmt.Errorf("%d of %d refreshes brought nothing new, in a case of %s", st.Unchanged, st.Refreshes, how)
	}
	return nil
}
