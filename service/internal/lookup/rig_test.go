package lookup_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// The servers of these tests are managed ones whose handler says, byte for byte, what they answer: what a provider
// says that was not made with our builder.

// raw is a builder of any bytes.
type raw struct {
	dst  []byte
	grow codec.Grow
	n    int
}

// put makes b the answer.
func (r *raw) put(b []byte) error {
	if len(r.dst) < len(b) {
		var err error
		if r.dst, err = r.grow(len(b)); err != nil {
			return err
		}
	}
	r.n = copy(r.dst, b)
	return nil
}

type rawResponder struct{ applookup.Responder }

func (rawResponder) Begin(out *raw, _ payload.RequestView, dst []byte, grow codec.Grow) error {
	*out = raw{dst: dst, grow: grow}
	return nil
}

func (rawResponder) Finish(out *raw) (int, error) { return out.n, nil }

// provider answers request number n, from 0 on, of all its sessions.
type provider func(n int, pids []uint32) payload.Response

// rig is a client of a provider.
type rig struct {
	*applookup.Client

	mu  sync.Mutex
	all [][]uint32
}

// asked returns what has been asked for in each request. One that was sent ahead and given up may come later than the
// end of its call.
func (r *rig) asked() [][]uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// note adds a request and returns its number, from 0 on.
func (r *rig) note(pids []uint32) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, pids)
	return len(r.all) - 1
}

// limits are the agreed ones of both directions, in bytes, and how many requests a session has room for; 0: as ever.
type limits struct {
	request, response uint32
	depth             int
}

// depths are what lookups behave differently with: with room for one request only, the next part is asked for ahead.
var depths = []int{0, 1}

func newRig(tb testing.TB, l limits, ceilings applookup.Ceilings, p provider) *rig {
	tb.Helper()
	return newRawRig(tb, l, ceilings, func(n int, pids []uint32) []byte {
		r := p(n, pids)
		size, err := r.Size()
		if err != nil {
			tb.Error(err)
		}
		b := make([]byte, size)
		if _, err := r.Encode(b); err != nil {
			tb.Error(err)
		}
		return b
	})
}

func newRawRig(tb testing.TB, l limits, ceilings applookup.Ceilings, p func(n int, pids []uint32) []byte) *rig {
	tb.Helper()
	e := servicetest.NewEndpoint()
	r := &rig{}
	handler := func(_ context.Context, req payload.RequestView, out *raw) error {
		var pids payload.Request
		req.Clone(&pids)
		return out.put(p(r.note(pids), pids))
	}
	scfg, ccfg := configured(l)
	s := service.NewServer[rawResponder](e.MustListen(tb), scfg, handler)
	servicetest.Serve(tb, s)
	r.Client = applookup.NewClient(e.Dialer(), applookup.Config{Config: ccfg, Ceilings: ceilings})
	tb.Cleanup(func() { r.Close() })
	if _, err := r.Refresh(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return r
}

// configured makes the limits those of both sides, from which nothing grows.
func configured(l limits) (service.ServerConfig, service.Config) {
	return service.ServerConfig{
			MaxRequestPayload: l.request, MaxResponsePayload: l.response, Logger: slog.New(slog.DiscardHandler),
		}, service.Config{
			Proposal:          link.Proposal{RequestPayload: l.request, ResponsePayload: l.response, Depth: l.depth},
			MaxRequestPayload: l.request, MaxResponsePayload: l.response,
		}
}

// numbered returns n pids.
func numbered(n int) []uint32 {
	pids := make([]uint32, n)
	for i := range pids {
		pids[i] = uint32(1000 + i)
	}
	return pids
}

// items answers each pid with a status; what is known has a path of its own.
func items(pids []uint32, status func(i int) payload.Status) payload.Response {
	r := payload.Response{Generation: 1}
	for i, pid := range pids {
		r.Items = append(r.Items, item(pid, status(i)))
	}
	return r
}

func item(pid uint32, s payload.Status) payload.Item {
	if s != payload.StatusKnown {
		return payload.Item{Status: s, PID: pid, UID: payload.UIDNotSet}
	}
	return payload.Item{PID: pid, Comm: "comm", CgroupPath: "/a/path"}
}

func all(s payload.Status) func(int) payload.Status { return func(int) payload.Status { return s } }
