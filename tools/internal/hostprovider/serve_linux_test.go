package hostprovider

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

// slowWalks is a host whose walks, once made, are held until somebody lets one go.
type slowWalks struct {
	lister *hostcgroups.Lister
	held   atomic.Bool
	walks  chan int      // the number of a walk that is held now
	pass   chan struct{} // one token lets one go
	n      int
}

func (w *slowWalks) list(ctx context.Context, rows []hostcgroups.Cgroup) ([]hostcgroups.Cgroup, hostcgroups.Report, error) {
	rows, report, err := w.lister.List(ctx, rows)
	w.n++
	if !w.held.Load() {
		return rows, report, err
	}
	select {
	case w.walks <- w.n:
	case <-ctx.Done():
		return nil, report, context.Cause(ctx)
	}
	select {
	case <-w.pass:
		return rows, report, err
	case <-ctx.Done():
		return nil, report, context.Cause(ctx)
	}
}

// 64 clients hammer a provider over real sockets, while cgroups come and go and each walk takes for ever: all
// requests of a round are answered while one walk is held, so none of them has waited for it.
func TestRequestsDoNotWaitForAWalk(t *testing.T) {
	const clients, requests, rounds = 64, 20, 4
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../hostcgroups/testdata/host")); err != nil {
		t.Fatal(err)
	}
	w := &slowWalks{
		lister: hostcgroups.New(hostcgroups.Config{Root: root}),
		walks:  make(chan int), pass: make(chan struct{}),
	}
	s := newSource(w.list, 1, slog.New(slog.DiscardHandler))
	if _, n, err := s.Start(t.Context()); err != nil || n == 0 {
		t.Fatalf("%d cgroups, %v", n, err)
	}
	w.held.Store(true)
	dial := serveHere(t, s)

	var all []*cgroupsnapshot.Client
	for range clients {
		c := cgroupsnapshot.NewClient(dial(), service.Config{MaxResponsePayload: ResponseLimit})
		defer c.Close()
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	stop := churn(t, filepath.Join(root, "sys/fs/cgroup/system.slice"))
	defer stop()

	var generation atomic.Uint64 // the largest that a client has seen
	for round := range rounds {
		walk := linktest.Await(t, "a walk", w.walks)
		newest := s.r.Status()
		var hammering sync.WaitGroup
		for _, c := range all {
			hammering.Go(func() {
				for range requests {
					err := c.View(t.Context(), func(v payload.ResponseView) error {
						if g := v.Generation(); g != newest.Gen || v.Len() == 0 {
							t.Errorf("round %d: %d items of generation %d, want generation %d", round, v.Len(), g, newest.Gen)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		answered := make(chan struct{})
		go func() { hammering.Wait(); close(answered) }()
		linktest.Await(t, "the answers while a walk is held", answered)
		if st := s.r.Status(); st.Runs != newest.Runs || st.RunSince.IsZero() || uint64(walk) != st.Runs {
			t.Errorf("round %d: the walk was not held: %+v", round, st)
		}
		generation.Store(newest.Gen)
		w.pass <- struct{}{}
	}
	stop()
	w.held.Store(false)
	select {
	case <-w.walks: // one that was held already
		w.pass <- struct{}{}
	default:
	}
	if g := generation.Load(); g < 2 {
		t.Errorf("only %d generations in %d rounds: nothing has changed", g, rounds)
	}
	stopSource(t, s)
}

// serveHere serves s, and returns what makes dialers for it.
func serveHere(t *testing.T, s *Source) func() link.Dialer {
	t.Helper()
	dir, err := os.MkdirTemp("", "netipc-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := local.Listen(t.Context(), dir, cgroupsnapshot.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{log: slog.New(slog.DiscardHandler), interval: Interval, snapshots: s}
	server := h.NewServer(l, cgroupsnapshot.ServiceName, 0)
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := linktest.Await(t, "the end of the server", served); err != nil {
			t.Error(err)
		}
	})
	return func() link.Dialer {
		d, err := local.NewDialer(dir, cgroupsnapshot.ServiceName)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

// churn makes and removes directories below dir, for ever.
func churn(t *testing.T, dir string) (stop func()) {
	end := make(chan struct{})
	var going sync.WaitGroup
	going.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
			}
			if err := os.Mkdir(filepath.Join(dir, "churn-"+strconv.Itoa(i)+".service"), 0o755); err != nil {
				t.Error(err)
				return
			}
			if i >= 20 {
				if err := os.Remove(filepath.Join(dir, "churn-"+strconv.Itoa(i-20)+".service")); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	return sync.OnceFunc(func() {
		close(end)
		going.Wait()
	})
}
