package cgroups

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// soak returns how often to do something: few times, or with NETIPC_SOAK=1 many.
func soak(few, many int) int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return many
	}
	return few
}

// fatal is what *testing.T, *testing.B and *rapid.T have in common.
type fatal interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// encode returns the payload of a snapshot.
func encode(t fatal, s *payload.Snapshot) []byte {
	t.Helper()
	size, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := s.Encode(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// answerOf returns a snapshot as it is received.
func answerOf(t fatal, s *payload.Snapshot) answer {
	t.Helper()
	return decode(t, encode(t, s))
}

// plain is what most tests make of answers.
func plain() *shape { return &shape{maxBytes: mostBytes} }

func decode(t fatal, b []byte) answer {
	t.Helper()
	v, err := payload.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	return answer{View: v, Payload: b}
}

// snapshotOf returns a snapshot as a cache publishes it.
func snapshotOf(t fatal, s *payload.Snapshot) *Snapshot {
	t.Helper()
	return holding(t, s).Snapshot()
}

// holding returns a cache that holds a snapshot and has no provider.
func holding(t fatal, s *payload.Snapshot) *Cache {
	t.Helper()
	made, err := makeContent(answerOf(t, s), plain())
	if err != nil {
		t.Fatal(err)
	}
	return publish(t, made, s.Generation)
}

func publish(t fatal, made content, generation uint64) *Cache {
	t.Helper()
	c := newCache(ready{cache.Fetched[content]{Value: made, Generation: generation}}, service.Control{}, cache.Config{})
	if err := c.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

// ready is a source of what is there already.
type ready struct{ fetched cache.Fetched[content] }

func (ready) Ready() bool                           { return true }
func (ready) Refresh(context.Context) (bool, error) { return false, nil }
func (ready) Close() error                          { return nil }
func (r ready) Fetch(context.Context, *cache.Snapshot[content]) (cache.Fetched[content], error) {
	return r.fetched, nil
}

// named returns an item as producers in the field make it.
func named(name, path string) payload.Item {
	return payload.Item{Hash: payload.HashName(name), Options: 1, Enabled: 1, Name: name, Path: path}
}

// cgroupList returns n items with names of 24 bytes.
func cgroupList(n int) *payload.Snapshot {
	s := &payload.Snapshot{Generation: 1, SystemdEnabled: 1, Items: make([]payload.Item, 0, n)}
	for i := range n {
		name := fmt.Sprintf("system.slice_unit-%06d", i)
		s.Items = append(s.Items, named(name, "/sys/fs/cgroup/system.slice/"+name+".service"))
	}
	return s
}

// items generates lists in which hashes collide, names and paths recur, and whole items do, with any bytes.
func items(most int) *rapid.Generator[[]payload.Item] {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "b", "ab", "\x00", "a\x00b", "ä"}),
		rapid.StringN(0, 20, 40),
		rapid.Map(rapid.IntRange(0, 20), func(i int) string { return fmt.Sprintf("unit-%d.service", i) }),
	)
	item := rapid.Custom(func(t *rapid.T) payload.Item {
		it := payload.Item{
			Options: rapid.Uint32Range(0, 2).Draw(t, "options"),
			Enabled: rapid.Uint32Range(0, 1).Draw(t, "enabled"),
			Name:    text.Draw(t, "name"),
			Path:    text.Draw(t, "path"),
		}
		it.Hash = rapid.OneOf(
			rapid.Just(payload.HashName(it.Name)),
			rapid.Uint32Range(0, 2),
			rapid.Uint32(),
		).Draw(t, "hash")
		return it
	})
	return rapid.SliceOfN(item, 0, most)
}

// first returns the first item that pred accepts: what an index is to find.
func first(items []payload.Item, pred func(payload.Item) bool) (payload.Item, bool) {
	if i := slices.IndexFunc(items, pred); i >= 0 {
		return items[i], true
	}
	return payload.Item{}, false
}

// checkHolds checks all that can be read of s against what was sent.
func checkHolds(t fatal, s *Snapshot, want *payload.Snapshot) {
	t.Helper()
	var got []payload.Item
	for it := range s.All() {
		got = append(got, it.Owned())
	}
	if !slices.Equal(got, want.Items) {
		t.Fatalf("items are\n%v, want\n%v", got, want.Items)
	}
	if s.Len() != len(want.Items) || s.Generation() != want.Generation || s.SystemdEnabled() != want.SystemdEnabled {
		t.Fatalf("%d items, generation %d, systemd %d; want %d, %d, %d",
			s.Len(), s.Generation(), s.SystemdEnabled(), len(want.Items), want.Generation, want.SystemdEnabled)
	}
	check := func(what string, got Item, ok bool, pred func(payload.Item) bool) {
		t.Helper()
		if w, wok := first(want.Items, pred); got.Owned() != w || ok != wok {
			t.Fatalf("%s: %v, %v; want %v, %v", what, got, ok, w, wok)
		}
	}
	probe := func(it payload.Item) {
		t.Helper()
		got, ok := s.Lookup(it.Hash, it.Name)
		check("Lookup", got, ok, func(w payload.Item) bool { return w.Hash == it.Hash && w.Name == it.Name })
		got, ok = s.ByName(it.Name)
		check("ByName", got, ok, func(w payload.Item) bool { return w.Name == it.Name })
		got, ok = s.ByPath(it.Path)
		check("ByPath", got, ok, func(w payload.Item) bool { return w.Path == it.Path })
	}
	few := max(1, len(want.Items)/30)
	for i := 0; i < len(want.Items); i += few {
		it := want.Items[i]
		probe(it)
		it.Hash++
		probe(it)
		it.Name, it.Path = it.Name+"x", it.Path+"x"
		probe(it)
	}
	probe(payload.Item{})
}

// host is a provider at Level 1, so that tests can let it misbehave. Its behaviour is set before a request is
// made.
type host struct {
	net   *linktest.Network
	asked chan struct{} // a token for each request that is not answered
	wg    sync.WaitGroup

	mu       sync.Mutex
	mode     mode
	payload  []byte
	l        link.Listener // nil while it is down
	conns    map[link.Conn]bool
	sessions int
	requests int
}

type mode int

const (
	modeServe   mode = iota // answers payload
	modeFail                // answers INTERNAL_ERROR
	modeSilent              // does not answer
	modeBreak               // closes the session instead of answering
	modeBadOnce             // answers rubbish, then serves
)

func newHost() *host {
	return &host{net: linktest.NewNetwork(), asked: make(chan struct{}, 1000), conns: map[link.Conn]bool{}}
}

// cache returns a cache of what the host says.
func (h *host) cache(cfg Config) *Cache {
	cfg.Client = service.Config{ReconnectWindow: 1}
	return New(h.net.Dialer(cgroupsnapshot.ServiceName), cfg)
}

// set says what the host does from now on.
func (h *host) set(m mode, payload []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mode, h.payload = m, payload
}

// counts returns how many sessions and requests there have been.
func (h *host) counts() (sessions, requests int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sessions, h.requests
}

func (h *host) start(t fatal) {
	t.Helper()
	l, err := h.net.Listen(cgroupsnapshot.ServiceName, linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.l = l
	h.mu.Unlock()
	h.wg.Go(func() {
		for {
			in, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			h.wg.Go(func() { h.session(l, in) })
		}
	})
}

// stop is the host's death: everything goes at once.
func (h *host) stop() {
	h.mu.Lock()
	if h.l != nil {
		h.l.Close()
		h.l = nil
	}
	for c := range h.conns {
		c.Close()
	}
	h.mu.Unlock()
	h.wg.Wait()
}

func (h *host) session(l link.Listener, in link.Incoming) {
	conn, err := in.Handshake(context.Background(), link.Settings{ResponsePayload: 64 << 20})
	if err != nil {
		return
	}
	defer conn.Close()
	h.mu.Lock()
	if h.l != l {
		h.mu.Unlock()
		return
	}
	h.conns[conn] = true
	h.sessions++
	h.mu.Unlock()
	var m link.Message
	for conn.Recv(&m, nil) == nil && h.answer(conn, m.Header) {
	}
	h.mu.Lock()
	delete(h.conns, conn)
	h.mu.Unlock()
}

func (h *host) answer(conn link.Conn, hdr wire.Header) bool {
	h.mu.Lock()
	m, b := h.mode, h.payload
	h.requests++
	if m == modeBadOnce {
		h.mode = modeServe
	}
	h.mu.Unlock()
	hdr.Kind = wire.KindResponse
	switch m {
	case modeSilent:
		h.asked <- struct{}{}
		return true
	case modeBreak:
		return false
	case modeFail:
		hdr.Status, b = wire.StatusInternalError, nil
	case modeBadOnce:
		b = []byte("rubbish")
	}
	buf, err := conn.Reserve(len(b))
	if err != nil {
		return false
	}
	return conn.Commit(hdr, copy(buf, b), nil) == nil && m != modeFail
}

// newServed returns a cache and its host, which is up. Their end is the test's.
func newServed(t testing.TB, cfg Config) (*Cache, *host) {
	t.Helper()
	h := newHost()
	h.start(t)
	c := h.cache(cfg)
	t.Cleanup(func() { c.Close(); h.stop() })
	return c, h
}
