package ipc

import (
	"context"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/side"
	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// serveLookup serves lookups of processes over nothing but the profile.
func serveLookup(o orders) error {
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: config(o.RunDir)})
	if err != nil {
		return err
	}
	knows := make([]payload.Encoded, strangers)
	for pid := range knows {
		it := process(uint32(pid))
		if knows[pid], err = it.Encode(); err != nil {
			return err
		}
	}
	return applookup.NewServer(l, service.ServerConfig{
		Supported: o.Profile, MaxRequestPayload: room, MaxResponsePayload: room,
	}, func(_ context.Context, req payload.RequestView, out *payload.Builder) error {
		out.SetGeneration(1)
		for _, pid := range req.All() {
			var err error
			if pid < strangers {
				err = out.AddEncoded(knows[pid])
			} else {
				err = out.Unknown()
			}
			if err != nil || out.Full() {
				return err
			}
		}
		return nil
	}).Serve(context.Background())
}

func lookup(ctx context.Context, d time.Duration, t Transport, share string, keys int) (_ bench.Sample, err error) {
	if err := t.offered(); err != nil {
		return nil, err
	}
	p, stop, err := start(place.Any, roleLookup, orders{Profile: t.profile})
	if err != nil {
		return nil, err
	}
	defer stop(&err)
	dialer, err := posix.NewDialer(posix.DialConfig{Config: p.where})
	if err != nil {
		return nil, err
	}
	client := applookup.NewClient(dialer, applookup.Config{Config: service.Config{
		Proposal: link.Proposal{Supported: t.profile, RequestPayload: room, ResponsePayload: room},
	}})
	defer client.Close()
	if _, err := once(ctx, func() (bool, error) { return client.Refresh(ctx) }); err != nil {
		return nil, err
	}
	pids := pidsOf(share, keys)
	check := func(v applookup.AnswerView) error {
		for i, it := range v.All() {
			want := payload.StatusKnown
			if pids[i] >= strangers {
				want = payload.StatusUnknown
			}
			if it.PID() != pids[i] || it.Status() != want {
				return fmt.Errorf("item %d is of %d, which is %v", i, it.PID(), it.Status())
			}
		}
		return nil
	}
	trips, took, err := side.Repeat(ctx, d, max(1, 1024/keys), func() error { return client.View(ctx, pids, check) })
	if err != nil {
		return nil, err
	}
	s := side.PerTrip(probe.RoundTrip, trips, took)
	return append(s, bench.Metric{Name: perKey, Unit: "ns", Value: s[0].Value / float64(keys)}), nil
}
