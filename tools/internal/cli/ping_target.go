package cli

import (
	"context"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
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

func (a *app) pingTarget(f *pingFlags) (*target, error) {
	runDir, err := a.resolveRunDir()
	if err != nil {
		return nil, err
	}
	name := snapshotService
	if f.increment != "" {
		name = f.increment
	}
	d, cfg, err := a.newDialer(runDir, name, f.profile.bits(), f.timeout)
	if err != nil {
		return nil, err
	}
	if f.increment != "" {
		return incrementTarget(name, increment.NewClient(d, cfg)), nil
	}
	return snapshotTarget(cgroupsnapshot.NewClient(d, cfg)), nil
}

// selfTarget is the second process, over one profile.
func selfTarget(p *pingChild, profile profile, timeout time.Duration) (*target, error) {
	d, err := local.NewDialer(p.dir, pingService)
	if err != nil {
		return nil, err
	}
	cfg := service.Config{Proposal: link.Proposal{Supported: profile.bits()}, Timeout: timeout}
	return incrementTarget("self", increment.NewClient(d, cfg)), nil
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
