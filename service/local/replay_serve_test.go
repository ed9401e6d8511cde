//go:build linux || freebsd

package local_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	snapshotcodec "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/stringreverse"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// replayServer is our server with a recorded one's settings.
type replayServer struct {
	runDir   string
	cfg      service.ServerConfig
	status   func() service.ServerStatus
	handling chan struct{} // a token for each request that a slow handler has
	release  chan struct{} // closed when slow handlers may answer
	ended    chan error    // why sessions ended
}

var errAsRecorded = errors.New("as the recorded handler did")

// serve starts our server with the settings that the recorded one had when it took in a connection.
func serve(t *testing.T, tr *transcript, events []event) *replayServer {
	t.Helper()
	args := tr.head.ServerArgs
	_, ack := handshake(t, events)
	s := &replayServer{
		runDir:   shortDir(t),
		handling: make(chan struct{}, 16),
		release:  make(chan struct{}),
		ended:    make(chan error, 16),
	}
	s.cfg = service.ServerConfig{
		Supported:         wire.Profile(number(t, args, "sup")),
		Preferred:         wire.Profile(number(t, args, "pref")),
		AuthToken:         number(t, args, "auth"),
		MaxRequestPayload: uint32(number(t, args, "req")),
		// Of the moment: it grows where nobody has configured it. What ours starts with, and how far it goes
		// (15-o), is not judged here but in growth_test.go.
		MaxResponsePayload: ack.MaxResponsePayload,
		Packet:             ack.PacketSize,
		Logger:             slog.New(slog.DiscardHandler),
		OnEvent: func(e link.Event) {
			if e.Kind == link.EventEnd {
				s.ended <- e.Err
			}
		},
	}
	if s.cfg.Packet == 0 { // the recorded server refused
		s.cfg.Packet = deployedPacket
	}
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: s.runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	var run func(context.Context) error
	switch kind := args["kind"]; kind {
	case "increment":
		server := increment.NewServer(l, s.cfg, s.increments(t, args))
		run, s.status = server.Serve, server.Status
	case "strrev":
		server := stringreverse.NewServer(l, s.cfg, stringreverse.Reverse)
		run, s.status = server.Serve, server.Status
	case "snapshot", "snapraw":
		server := cgroupsnapshot.NewServer(l, s.cfg, recordedSnapshot(t, tr))
		run, s.status = server.Serve, server.Status
	case "al":
		run = s.apps(l, knowledge(t, tr))
	case "cl":
		run = s.cgroups(l, knowledge(t, tr))
	default:
		t.Fatalf("nobody serves %q", kind)
	}
	running(t, run)
	return s
}

// increments is the recorded handler: it fails at some values, and is slow.
func (s *replayServer) increments(t *testing.T, args map[string]string) func(context.Context, uint64) (uint64, error) {
	t.Helper()
	var fails []uint64
	if list := args["fail"]; list != "" {
		fails = numbers(t, list)
	}
	slow := number(t, args, "delay_ms") > 0
	return func(ctx context.Context, v uint64) (uint64, error) {
		if slow {
			s.handling <- struct{}{}
			select {
			case <-s.release:
			case <-ctx.Done():
			}
		}
		if slices.Contains(fails, v) {
			return 0, errAsRecorded
		}
		return v + 1, nil
	}
}

// recordedSnapshot is a handler that builds the snapshot which the recorded server had, item by item: equal
// bytes show that our encoder writes the same form. Where no answer was recorded, it is one that did not fit.
func recordedSnapshot(t *testing.T, tr *transcript) cgroupsnapshot.Handler {
	t.Helper()
	if tr.head.ServerArgs["internal"] != "" {
		return func(context.Context, snapshotcodec.Request, *snapshotcodec.Builder) error { return errAsRecorded }
	}
	answer := snapshotOf(t, tr)
	if answer == nil {
		return func(_ context.Context, _ snapshotcodec.Request, out *snapshotcodec.Builder) error {
			for range 120 {
				if err := out.Add(1, 0, 1, "some.service", "/sys/fs/cgroup/system.slice/some.service"); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return func(_ context.Context, _ snapshotcodec.Request, out *snapshotcodec.Builder) error {
		out.SetGeneration(answer.Generation())
		out.SetSystemdEnabled(answer.SystemdEnabled())
		for _, item := range answer.All() {
			if err := out.Add(item.Hash(), item.Options(), item.Enabled(), item.Name().String(), item.Path().String()); err != nil {
				return err
			}
		}
		return nil
	}
}

// snapshotOf returns the first snapshot that was recorded, nil if none was.
func snapshotOf(t *testing.T, tr *transcript) *snapshotcodec.ResponseView {
	t.Helper()
	for _, events := range tr.connections() {
		_, ack := handshake(t, events)
		if ack.MaxResponsePayload == 0 {
			continue // refused
		}
		for _, m := range messages(t, events, "s2c", wire.KindResponse, link.LimitsOf(ack)) {
			if m.Header.Status != wire.StatusOK {
				continue
			}
			v, err := snapshotcodec.DecodeResponse(m.Payload)
			if err != nil {
				t.Fatal(err)
			}
			return &v
		}
	}
	return nil
}
