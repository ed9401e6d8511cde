package cli_test

import (
	"context"
	"log/slog"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

// provide serves what h says in runDir, with the limits of a provider that nobody has configured.
func provide(t *testing.T, runDir string, h cgroupsnapshot.Handler) {
	t.Helper()
	l, err := local.Listen(t.Context(), runDir, cgroupsnapshot.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	s := cgroupsnapshot.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}, h)
	runServer(t, s)
}

// provideIncrement serves INCREMENT under a name.
func provideIncrement(t *testing.T, runDir, name string, h func(context.Context, uint64) (uint64, error)) {
	t.Helper()
	l, err := local.Listen(t.Context(), runDir, name)
	if err != nil {
		t.Fatal(err)
	}
	runServer(t, increment.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}, h))
}

func runServer(t *testing.T, s interface {
	Serve(context.Context) error
	Close() error
}) {
	t.Helper()
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := linktest.Await(t, "the end of the server", served); err != nil {
			t.Error(err)
		}
	})
}

// answer returns a handler that answers s.
func answer(s payload.Snapshot) cgroupsnapshot.Handler {
	return func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		out.SetGeneration(s.Generation)
		out.SetSystemdEnabled(s.SystemdEnabled)
		for _, it := range s.Items {
			if err := out.AddItem(it); err != nil {
				return err
			}
		}
		return nil
	}
}

// strange has in it what could go wrong on its way to people and programs.
var strange = payload.Snapshot{
	Generation:     18446744073709551615,
	SystemdEnabled: 2,
	Items: []payload.Item{
		{Hash: 4294967295, Options: 7, Enabled: 1, Name: "ssh", Path: "/sys/fs/cgroup/system.slice/ssh.service"},
		{Hash: 1, Name: "\x1b[2J\x1b[31mred\x07", Path: "/a\nb\tc\rd"},
		{Hash: 2, Enabled: 4, Name: "not utf-8 \xff\xfe", Path: "/\xc3\x28"},
		{Hash: 3, Enabled: 1, Name: "日本語", Path: "/wide, \"quoted\" and ä"},
		{Hash: 4, Enabled: 1, Name: "c1 \u009b31m", Path: "/turned \u202e back \U000e0001"},
		{Hash: 5, Enabled: 1, Name: "", Path: ""},
		{Hash: 6, Enabled: 1, Name: `dev-disk-by\x2duuid`, Path: "/<&>"},
	},
}
