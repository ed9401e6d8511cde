package local_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	apppayload "github.com/plugin-ipc/netipc/codec/applookup"
	cgrouppayload "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
)

// lookupProfiles are the profiles over which lookups are tested, with their names.
var lookupProfiles = map[string]wire.Profile{"baseline": wire.ProfileBaseline}

// lookupLimits are the limits of requests and of answers, in bytes.
var lookupLimits = []uint32{1 << 10, 16 << 10, 128 << 10, 1 << 20}

const manyKeys = 65536

// TestLookupAnySize asks for 65,536 keys with one call, whatever the limits: the answer is that of the model, in
// order, and it takes hardly more requests than its size demands.
func TestLookupAnySize(t *testing.T) {
	supported(t)
	for name, profile := range lookupProfiles {
		for _, limit := range lookupLimits {
			t.Run(fmt.Sprintf("%s/%d", name, limit), func(t *testing.T) {
				t.Run("apps", func(t *testing.T) { manyApps(t, profile, limit) })
				t.Run("cgroups", func(t *testing.T) { manyCgroups(t, profile, limit) })
			})
		}
	}
}

// limited returns the settings of both sides for a profile and limits in both directions.
func limited(profile wire.Profile, limit uint32) (service.ServerConfig, service.Config) {
	return service.ServerConfig{
			Supported: profile, MaxRequestPayload: limit, MaxResponsePayload: limit, Logger: slog.New(slog.DiscardHandler),
		}, service.Config{
			Proposal:          link.Proposal{Supported: profile, RequestPayload: limit, ResponsePayload: limit},
			MaxRequestPayload: limit, MaxResponsePayload: limit,
		}
}

// app is what is known of a process: nothing of every fifth, and of others more or less.
func app(pid uint32) apppayload.Item {
	if pid%5 == 0 {
		return apppayload.Item{Status: apppayload.StatusUnknown, PID: pid, UID: apppayload.UIDNotSet}
	}
	it := apppayload.Item{
		PID: pid, PPID: pid / 2, UID: pid % 1000, StartTime: uint64(pid) * 100, Comm: "worker", CgroupPath: "/system.slice/a.service",
	}
	if it.CgroupStatus = apppayload.CgroupStatusUnknownPermanent; pid%3 == 0 {
		it.CgroupStatus, it.Orchestrator, it.CgroupName = apppayload.CgroupStatusKnown, apppayload.OrchestratorDocker, "a"
		it.Labels = []apppayload.Label{{Key: "image", Value: strings.Repeat("x", int(pid%64))}}
	}
	return it
}

func manyApps(t *testing.T, profile wire.Profile, limit uint32) {
	scfg, ccfg := limited(profile, limit)
	l, d := endpoint(t)
	s := applookup.NewServer(l, scfg, func(_ context.Context, req apppayload.RequestView, out *apppayload.Builder) error {
		out.SetGeneration(7)
		for _, pid := range req.All() {
			if err := out.Add(app(pid)); err != nil || out.Full() {
				return err
			}
		}
		return nil
	})
	running(t, s.Serve)
	c := applookup.NewClient(d, applookup.Config{Config: ccfg, Ceilings: applookup.Ceilings{Calls: 1 << 20}})
	refreshed(t, c.Control)
	defer c.Close()

	pids := make([]uint32, manyKeys)
	want := apppayload.Response{Generation: 7}
	for i := range pids {
		pids[i] = uint32(i*7919) % 99991
		want.Items = append(want.Items, app(pids[i]))
	}
	var got apppayload.Response
	if err := c.Get(t.Context(), pids, &got); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) {
		t.Error("the answer is not what was sent")
	}
	size, err := want.Size()
	if err != nil {
		t.Fatal(err)
	}
	asked := apppayload.Request(pids).Size()
	hasFewCalls(t, c.Control, max(size, asked), limit)
}

// cgroup is what is known of a cgroup.
func cgroup(path string) cgrouppayload.Item {
	k := binary.NativeEndian.Uint32([]byte(path[len(path)-4:]))
	switch k % 7 {
	case 0:
		return cgrouppayload.Item{Status: cgrouppayload.StatusUnknownRetryLater, Path: path}
	case 1:
		return cgrouppayload.Item{Status: cgrouppayload.StatusUnknownPermanent, Path: path}
	}
	it := cgrouppayload.Item{Path: path, Name: path[len(path)-6:], Orchestrator: cgrouppayload.OrchestratorK8s}
	for range k % 3 {
		it.Labels = append(it.Labels, cgrouppayload.Label{Key: "namespace", Value: "default"})
	}
	return it
}

func manyCgroups(t *testing.T, profile wire.Profile, limit uint32) {
	scfg, ccfg := limited(profile, limit)
	l, d := endpoint(t)
	s := cgrouplookup.NewServer(l, scfg, func(_ context.Context, req cgrouppayload.RequestView, out *cgrouppayload.Builder) error {
		out.SetGeneration(1 << 60)
		for _, path := range req.All() {
			if err := out.Add(cgroup(path.String())); err != nil || out.Full() {
				return err
			}
		}
		return nil
	})
	running(t, s.Serve)
	c := cgrouplookup.NewClient(d, cgrouplookup.Config{Config: ccfg, Ceilings: cgrouplookup.Ceilings{Calls: 1 << 20}})
	refreshed(t, c.Control)
	defer c.Close()

	paths := make([]string, manyKeys)
	want := cgrouppayload.Response{Generation: 1 << 60}
	for i := range paths {
		paths[i] = fmt.Sprintf("/kubepods.slice/kubepods-burstable.slice/pod-%x/%0*d", i, 1+i%40, i)
		want.Items = append(want.Items, cgroup(paths[i]))
	}
	var got cgrouppayload.Response
	if err := c.Get(t.Context(), paths, &got); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) {
		t.Error("the answer is not what was sent")
	}
	size, err := want.Size()
	if err != nil {
		t.Fatal(err)
	}
	hasFewCalls(t, c.Control, size, limit)
}

func refreshed(t *testing.T, c service.Control) {
	t.Helper()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// hasFewCalls: at most 1.3 times as many requests as it takes to bring that many bytes within the limit.
func hasFewCalls(t *testing.T, c service.Control, size int, limit uint32) {
	t.Helper()
	least := (uint64(size) + uint64(limit) - 1) / uint64(limit)
	calls := c.Status().Calls
	t.Logf("%d calls for %d bytes: %.2f times the least", calls, size, float64(calls)/float64(least))
	if float64(calls) > 1.3*float64(least) {
		t.Errorf("%d calls for %d bytes with a limit of %d: more than 1.3 times %d", calls, size, limit, least)
	}
}
