package cli

import (
	"context"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

// target is what ping asks.
type target struct {
	name   string
	method string
	client refresher
	call   func(context.Context) error // one round trip
	close  func()
}

func (a *app) pingTarget(ctx context.Context, f *pingFlags) (*target, error) {
	if f.self {
		return a.selfTarget(ctx, f)
	}
	runDir, err := a.resolveRunDir()
	if err != nil {
		return nil, err
	}
	name := snapshotService
	if f.increment != "" {
		name = f.increment
	}
	d, cfg, err := a.newDialer(runDir, name, f.timeout)
	if err != nil {
		return nil, err
	}
	if f.increment != "" {
		return incrementTarget(name, increment.NewClient(d, cfg)), nil
	}
	return snapshotTarget(cgroupsnapshot.NewClient(d, cfg)), nil
}

// selfTarget starts a second process.
func (a *app) selfTarget(ctx context.Context, f *pingFlags) (*target, error) {
	p, err := startPingProvider(ctx, a.err)
	if err != nil {
		return nil, err
	}
	d, err := local.NewDialer(p.dir, pingService)
	if err != nil {
		p.stop()
		return nil, err
	}
	t := incrementTarget("self", increment.NewClient(d, service.Config{Timeout: f.timeout}))
	end := t.close
	t.close = func() { end(); p.stop() }
	return t, nil
}

func snapshotTarget(c *cgroupsnapshot.Client) *target {
	look := func(payload.ResponseView) error { return nil }
	return &target{
		name: snapshotService, method: "CGROUPS_SNAPSHOT", client: c,
		call:  func(ctx context.Context) error { return c.View(ctx, look) },
		close: func() { c.Close() },
	}
}

func incrementTarget(name string, c *increment.Client) *target {
	var n uint64
	return &target{
		name: name, method: "INCREMENT", client: c,
		call: func(ctx context.Context) error {
			got, err := c.Call(ctx, n)
			if err == nil && got != n+1 {
				return &wrongAnswer{n, got}
			}
			n++
			return err
		},
		close: func() { c.Close() },
	}
}
