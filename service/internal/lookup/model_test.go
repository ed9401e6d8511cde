package lookup_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	payload "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// lie is what a provider says that is not true, in one of the requests of a call.
type lie int

const (
	honest lie = iota
	otherGeneration
	otherKey
	noRoom
)

var lies = map[lie]error{
	otherGeneration: cgrouplookup.ErrGeneration,
	otherKey:        cgrouplookup.ErrEcho,
	noRoom:          cgrouplookup.ErrNoProgress,
}

// world is a provider, what it knows, and a client of it. The provider's answers are those of our builder, unless it
// lies.
type world struct {
	t      *testing.T
	e      *servicetest.Endpoint
	stop   func()
	client *cgrouplookup.Client
	limits limits

	mu         sync.Mutex
	knows      map[string]payload.Item
	generation uint64
	lie        lie
	at         int // request, from 0 on
	requests   int // of this call
	lied       bool
}

type rawCgroups struct{ cgrouplookup.Responder }

func (rawCgroups) Begin(out *raw, _ payload.RequestView, dst []byte, grow codec.Grow) error {
	*out = raw{dst: dst, grow: grow}
	return nil
}

func (rawCgroups) Finish(out *raw) (int, error) { return out.n, nil }

// answer builds one answer.
func (w *world) answer(_ context.Context, req payload.RequestView, out *raw) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b payload.Builder
	if err := b.Reset(make([]byte, w.limits.response), nil, int(w.limits.response), req); err != nil {
		return err
	}
	b.SetGeneration(w.generation)
	for _, path := range req.All() {
		it, ok := w.knows[path.String()]
		if !ok {
			it.Status = payload.StatusUnknownPermanent
		}
		if err := b.Add(it); err != nil {
			return err
		}
	}
	if _, err := b.Finish(); err != nil {
		return err
	}
	said := b.Bytes()
	if w.lie != honest && w.requests == w.at {
		said = w.untrue(said)
	}
	w.requests++
	return out.put(said)
}

// untrue is an answer with the lie of the moment, if it can be told there.
func (w *world) untrue(said []byte) []byte {
	v, err := payload.DecodeResponse(said)
	if err != nil {
		w.t.Error(err)
		return said
	}
	var r payload.Response
	v.Clone(&r)
	switch {
	case w.lie == otherGeneration && w.requests > 0:
		r.Generation++
	case w.lie == otherKey && len(r.Items) > 0:
		it := &r.Items[w.requests%len(r.Items)]
		it.Path = it.Path[:len(it.Path)-1] + "?"
	case w.lie == noRoom && len(r.Items) > 0:
		for i, it := range r.Items {
			r.Items[i] = payload.Item{Status: payload.StatusPayloadExceeded, Path: it.Path}
		}
	default:
		return said
	}
	w.lied = true
	b := make([]byte, len(said))
	n, err := r.Encode(b)
	if err != nil {
		w.t.Error(err)
	}
	return b[:n]
}

// begin starts a provider with new limits, and a client of it.
func (w *world) begin(rt *rapid.T) {
	w.end()
	w.limits = limits{
		request:  uint32(rapid.IntRange(64, 4096).Draw(rt, "request limit")),
		response: uint32(rapid.IntRange(128, 8192).Draw(rt, "response limit")),
		depth:    rapid.SampledFrom(depths).Draw(rt, "depth"),
	}
	w.stop = servicetest.Serve(w.t, service.NewServer[rawCgroups](w.e.MustListen(w.t), service.ServerConfig{
		MaxRequestPayload: w.limits.request, MaxResponsePayload: w.limits.response, Logger: slog.New(slog.DiscardHandler),
	}, w.answer))
	w.client = cgrouplookup.NewClient(w.e.Dialer(), cgrouplookup.Config{Config: service.Config{
		Proposal: link.Proposal{RequestPayload: w.limits.request, Depth: w.limits.depth},
	}})
	if _, err := w.client.Refresh(w.t.Context()); err != nil {
		rt.Fatal(err)
	}
}

func (w *world) end() {
	if w.stop != nil {
		w.client.Close()
		w.stop()
	}
}

// want is the item that a call brings for a path.
func (w *world) want(path string) payload.Item {
	it, ok := w.knows[path]
	switch {
	case payload.Request{path}.Fit(int(w.limits.request), int(w.limits.response)) == 0:
		return payload.Item{Status: payload.StatusOversizedItem, Path: path}
	case !ok:
		return payload.Item{Status: payload.StatusUnknownPermanent, Path: path}
	case it.Status != payload.StatusKnown:
		return it
	}
	r := payload.Response{Items: []payload.Item{it}}
	if size, err := r.Size(); err != nil || (size+7)&^7 > int(w.limits.response) {
		return payload.Item{Status: payload.StatusOversizedItem, Path: path}
	}
	return it
}

// ask makes one call.
func (w *world) ask(rt *rapid.T, paths []string) {
	w.mu.Lock()
	w.requests, w.lied = 0, false
	w.mu.Unlock()
	var got payload.Response
	err := w.client.Get(w.t.Context(), paths, &got)
	if w.foundOut(rt, err) {
		w.begin(rt) // and what was asked for ahead is over, too
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		rt.Fatal(err)
	}
	want := payload.Response{Generation: w.generation}
	for _, path := range paths {
		want.Items = append(want.Items, w.want(path))
	}
	if w.requests == 0 {
		want.Generation = 0 // nothing could be asked
	}
	if !got.Equal(want) {
		rt.Fatalf("limits %+v:\ngot  %+v\nwant %+v", w.limits, got, want)
	}
	if most := 2*len(paths) + 1; w.requests > most {
		rt.Fatalf("%d requests for %d keys", w.requests, len(paths))
	}
}

// foundOut reports whether the provider has lied, and checks that err says so. That there is no room is no lie to who
// does not need it.
func (w *world) foundOut(rt *rapid.T, err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lied && w.lie == noRoom && w.limits.depth == 1 && err == nil {
		return false
	}
	if w.lied && !errors.Is(err, lies[w.lie]) {
		rt.Fatalf("%v, want %v", err, lies[w.lie])
	}
	return w.lied
}

// universe is the paths that there are: some are asked for again and again, some are too long for some limits.
func universe() []string {
	paths := []string{"/", "/a", strings.Repeat("/long", 40), strings.Repeat("/longer", 300)}
	for i := range 40 {
		paths = append(paths, "/system.slice/"+strings.Repeat("x", i*i%90)+string(rune('a'+i%26)))
	}
	return paths
}

// TestModel: whatever is asked, within whatever limits, the answer is the one that the provider would give if there
// were none, in order; or there is none, because the provider lied.
func TestModel(t *testing.T) {
	paths := universe()
	e := servicetest.NewEndpoint()
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{t: t, e: e, knows: map[string]payload.Item{}, generation: 1}
		defer w.end()
		w.begin(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"limits": w.begin,
			"ask": func(rt *rapid.T) {
				w.ask(rt, rapid.SliceOfN(rapid.SampledFrom(paths), 0, 200).Draw(rt, "paths"))
			},
			"learn": func(rt *rapid.T) {
				w.mu.Lock()
				defer w.mu.Unlock()
				for range rapid.IntRange(1, 20).Draw(rt, "how many") {
					it := drawItem(rt, rapid.SampledFrom(paths).Draw(rt, "path"))
					w.knows[it.Path] = it
				}
			},
			"generation": func(rt *rapid.T) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.generation = rapid.Uint64Range(1, math.MaxUint64-1).Draw(rt, "generation")
			},
			"lie": func(rt *rapid.T) {
				w.mu.Lock()
				w.lie = lie(rapid.IntRange(int(honest), int(noRoom)).Draw(rt, "lie"))
				w.at = rapid.IntRange(0, 3).Draw(rt, "at request")
				w.mu.Unlock()
			},
		})
	})
}

func drawItem(rt *rapid.T, path string) payload.Item {
	it := payload.Item{Status: payload.Status(rapid.IntRange(0, 2).Draw(rt, "status")), Path: path}
	if it.Status != payload.StatusKnown {
		return it
	}
	it.Orchestrator = payload.Orchestrator(rapid.IntRange(0, 9).Draw(rt, "orchestrator"))
	it.Name = strings.Repeat("n", rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 3000)).Draw(rt, "name"))
	for range rapid.IntRange(0, 3).Draw(rt, "labels") {
		it.Labels = append(it.Labels, payload.Label{Key: "key", Value: strings.Repeat("v", rapid.IntRange(0, 60).Draw(rt, "value"))})
	}
	return it
}
