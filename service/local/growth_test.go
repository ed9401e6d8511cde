package local_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	snapshotcodec "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	payload "github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/stringreverse"
)

// How limits grow between our own peers (spec 08, 15-n, 15-o), over the transport of this system and in memory.

// media are the transports.
func media(t *testing.T, test func(t *testing.T, listen func() (link.Listener, link.Dialer))) {
	t.Run("memory", func(t *testing.T) {
		test(t, func() (link.Listener, link.Dialer) {
			net := linktest.NewNetwork()
			l, err := net.Listen("growth", linktest.ListenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			return l, net.Dialer("growth")
		})
	})
	t.Run("local", func(t *testing.T) {
		supported(t)
		test(t, func() (link.Listener, link.Dialer) { return endpoint(t) })
	})
}

// ledger is a dialer that notes what is proposed and agreed.
type ledger struct {
	link.Dialer
	mu       sync.Mutex
	proposed []link.Proposal
	agreed   []link.Limits // of those that were accepted
}

func (l *ledger) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	c, err := l.Dialer.Dial(ctx, p)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proposed = append(l.proposed, p)
	if err == nil {
		l.agreed = append(l.agreed, c.Info().Limits)
	}
	return c, err
}

// requests and responses are how the limits went.
func (l *ledger) requests() (all []uint32) {
	for _, p := range l.proposed {
		all = append(all, p.RequestPayload)
	}
	return all
}

func (l *ledger) responses() (all []uint32) {
	for _, a := range l.agreed {
		all = append(all, a.ResponsePayload)
	}
	return all
}

// growing serves strings, each of which is answered by so many times itself, and connects a client.
func growing(t *testing.T, listen func() (link.Listener, link.Dialer), scfg service.ServerConfig, ccfg service.Config, times int) (*stringreverse.Client, *ledger) {
	t.Helper()
	l, d := listen()
	scfg.Logger = slog.New(slog.DiscardHandler)
	running(t, stringreverse.NewServer(l, scfg, func(_ context.Context, s codec.StrView, out *payload.Builder) error {
		return out.SetString(strings.Repeat(s.String(), times))
	}).Serve)
	book := &ledger{Dialer: d}
	c := stringreverse.NewClient(book, ccfg)
	t.Cleanup(func() { c.Close() })
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, book
}

// echoed calls with a string that makes a request of n bytes.
func echoed(c *stringreverse.Client, n, times int) error {
	s := strings.Repeat("x", n-payload.Size(0))
	got, err := c.Call(context.Background(), s)
	if err == nil && got != strings.Repeat(s, times) {
		return fmt.Errorf("an answer of %d bytes to a request of %d", len(got), n)
	}
	return err
}

// TestRequestsGrow: to the next power of two of what is needed, at least 16, and no further than the client's
// ceiling; what was agreed once is not proposed smaller again.
func TestRequestsGrow(t *testing.T) {
	for _, c := range []struct {
		name     string
		server   service.ServerConfig
		client   service.Config
		need     []int // bytes of request, one call each
		proposed []uint32
	}{
		{"nobody configured", service.ServerConfig{}, service.Config{},
			[]int{9, 1024, 1025, 2000, 2049, 100_000, 9, 1 << 20}, []uint32{1024, 2048, 4096, 131072, 1 << 20}},
		{"from one byte", service.ServerConfig{}, service.Config{Proposal: link.Proposal{RequestPayload: 1}},
			[]int{9, 16, 17, 33, 65}, []uint32{1, 16, 32, 64, 128}},
		{"up to the client's ceiling", service.ServerConfig{}, service.Config{MaxRequestPayload: 5000},
			[]int{1500, 4097, 5000}, []uint32{1024, 2048, 5000}},
		{"beyond 1 MiB, where both are told so", service.ServerConfig{MaxRequestPayload: 4 << 20, MaxResponsePayload: 4 << 20},
			service.Config{MaxRequestPayload: 4 << 20}, []int{2<<20 + 1}, []uint32{1024, 4 << 20}},
		{"a configured start is the least ceiling", service.ServerConfig{MaxRequestPayload: 4 << 20, MaxResponsePayload: 4 << 20},
			service.Config{Proposal: link.Proposal{RequestPayload: 2 << 20}}, []int{2 << 20}, []uint32{2 << 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			media(t, func(t *testing.T, listen func() (link.Listener, link.Dialer)) {
				client, book := growing(t, listen, c.server, c.client, 1)
				sessions := len(c.proposed)
				for _, n := range c.need {
					if err := echoed(client, n, 1); err != nil {
						t.Fatalf("%d bytes: %v", n, err)
					}
				}
				// Answers are as long as requests, so beyond 64 KiB they grow as well.
				proposed := slices.Compact(book.requests())
				if !slices.Equal(proposed, c.proposed) || len(book.agreed) < sessions {
					t.Errorf("proposed %d, want %d", proposed, c.proposed)
				}
				if st := client.Status(); st.Errors != 0 || st.Retries != 0 {
					t.Errorf("%d errors, %d requests sent again", st.Errors, st.Retries)
				}
			})
		})
	}
}

// TestRequestsEndGrowing: one refusal, one error that names both limits, and a client that goes on (15-n).
func TestRequestsEndGrowing(t *testing.T) {
	for _, c := range []struct {
		name    string
		server  service.ServerConfig
		client  service.Config
		need    int
		ceiling uint64 // that the error names; 0: the provider refused
		names   []string
		dials   int
	}{
		{"at the provider's", service.ServerConfig{MaxRequestPayload: 2000}, service.Config{}, 3009, 0,
			[]string{"request payload of 3009", "1024 agreed", "LIMIT_EXCEEDED"}, 2},
		{"at the client's", service.ServerConfig{}, service.Config{MaxRequestPayload: 2000}, 3009, 2000,
			[]string{"request payload of 3009", "1024 agreed", "2000"}, 1},
		{"at 1 MiB", service.ServerConfig{}, service.Config{}, 1<<20 + 1, 1 << 20,
			[]string{"request payload of 1048577", "1024 agreed", "1048576"}, 1},
		{"at an unconfigured provider's", service.ServerConfig{}, service.Config{MaxRequestPayload: 4 << 20}, 2 << 20, 0,
			[]string{"request payload of 2097152", "1024 agreed", "LIMIT_EXCEEDED"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			media(t, func(t *testing.T, listen func() (link.Listener, link.Dialer)) {
				client, book := growing(t, listen, c.server, c.client, 1)
				err := echoed(client, c.need, 1)
				var growth *service.GrowthError
				if !errors.As(err, &growth) || growth.Ceiling != c.ceiling || growth.Agreed != 1024 {
					t.Fatalf("%v, want a GrowthError with the ceiling %d", err, c.ceiling)
				}
				var refused *link.RefusedError
				if errors.As(err, &refused) != (c.ceiling == 0) || c.ceiling == 0 && refused.Status != wire.StatusLimitExceeded {
					t.Errorf("%v: refused: %+v", err, refused)
				}
				for _, name := range c.names {
					if !strings.Contains(err.Error(), name) {
						t.Errorf("%q does not say %q", err, name)
					}
				}
				if n := len(book.proposed); n != c.dials {
					t.Errorf("%d attempts to connect, want %d", n, c.dials)
				}
				if err := echoed(client, 1024, 1); err != nil || !client.Ready() {
					t.Errorf("afterwards: %v", err)
				}
				if n := len(book.proposed); n != c.dials {
					t.Errorf("%d attempts to connect after a call that fits", n)
				}
			})
		})
	}
}

// TestResponsesGrow: doubling from what the provider has until they fit. A default never counts as a configured
// ceiling, and a configured one does not move, be it as large as the default (15-o, D18).
func TestResponsesGrow(t *testing.T) {
	for _, c := range []struct {
		name   string
		server service.ServerConfig
		client service.Config
		answer int // bytes
		agreed []uint32
		fails  bool
	}{
		{"within the default", service.ServerConfig{}, service.Config{}, 64 << 10, []uint32{64 << 10}, false},
		{"twice the default", service.ServerConfig{}, service.Config{}, 64<<10 + 1, []uint32{64 << 10, 128 << 10}, false},
		{"up to 1 MiB", service.ServerConfig{}, service.Config{}, 1 << 20, []uint32{64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20}, false},
		{"beyond 1 MiB", service.ServerConfig{}, service.Config{}, 1<<20 + 1, []uint32{64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20}, true},
		{"configured as the default is", service.ServerConfig{MaxResponsePayload: 64 << 10}, service.Config{}, 64<<10 + 1, []uint32{64 << 10, 64 << 10}, true},
		{"configured", service.ServerConfig{MaxResponsePayload: 3 << 20}, service.Config{}, 3 << 20, []uint32{3 << 20}, false},
		{"the client's ceiling", service.ServerConfig{}, service.Config{MaxResponsePayload: 128 << 10}, 200 << 10, []uint32{64 << 10, 128 << 10}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			media(t, func(t *testing.T, listen func() (link.Listener, link.Dialer)) {
				times := c.answer - payload.Size(0) // of one byte
				client, book := growing(t, listen, c.server, c.client, times)
				err := echoed(client, payload.Size(1), times)
				var growth *service.GrowthError
				if errors.As(err, &growth) != c.fails || !c.fails && err != nil {
					t.Errorf("%v", err)
				}
				if c.fails && growth.Agreed != uint64(c.agreed[len(c.agreed)-1]) {
					t.Errorf("%v: the limit is %d", err, c.agreed[len(c.agreed)-1])
				}
				if got := book.responses(); !slices.Equal(got, c.agreed) {
					t.Errorf("agreed on %d, want %d", got, c.agreed)
				}
				if c.fails {
					return
				}
				if err := echoed(client, payload.Size(1), times); err != nil || len(book.agreed) != len(c.agreed) {
					t.Errorf("the second time: %v, %d", err, book.responses())
				}
			})
		})
	}
}

// TestSnapshotOfUnconfiguredServer: 100 KB from a server that nobody has configured, to a client that nobody has
// configured (D18).
func TestSnapshotOfUnconfiguredServer(t *testing.T) {
	media(t, func(t *testing.T, listen func() (link.Listener, link.Dialer)) {
		l, d := listen()
		running(t, cgroupsnapshot.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)},
			func(_ context.Context, _ snapshotcodec.Request, out *snapshotcodec.Builder) error {
				for i := range 800 {
					name := fmt.Sprintf("unit-%d.service", i)
					if err := out.Add(snapshotcodec.HashName(name), 0, 1, name, "/sys/fs/cgroup/system.slice/"+strings.Repeat("x", 50)+name); err != nil {
						return err
					}
				}
				return nil
			}).Serve)
		c := cgroupsnapshot.NewClient(d, service.Config{})
		defer c.Close()
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		var s snapshotcodec.Snapshot
		if err := c.Get(t.Context(), &s); err != nil || len(s.Items) != 800 {
			t.Fatalf("%d items, %v", len(s.Items), err)
		}
		if st := c.Status(); st.BytesIn < 100_000 || st.Limits.ResponsePayload != 128<<10 {
			t.Errorf("%d bytes came in, limits %+v", st.BytesIn, st.Limits)
		}
	})
}
