package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

// paths are the kind of cache that the tests make of a snapshot: from names to paths.
type paths struct{ byName Map[string, string] }

// method that counts what it decodes, so that tests see what was not.
type counted struct{ cgroupsnapshot.Method }

var decoded atomic.Int64

func (m counted) DecodeResponse(b []byte) (payload.ResponseView, error) {
	decoded.Add(1)
	return m.Method.DecodeResponse(b)
}

var errMake = errors.New("not to my taste")

// makePaths refuses a snapshot that has a cgroup named "bad".
func makePaths(a Answer[payload.ResponseView]) (paths, error) {
	p := paths{Map[string, string]{}}
	for _, it := range a.View.All() {
		if it.Name().String() == "bad" {
			return paths{}, errMake
		}
		p.byName[it.Name().String()] = it.Path().String()
	}
	return p, nil
}

// provider sends what it is told, as it is.
type provider struct {
	net    *linktest.Network
	sends  atomic.Pointer[[]byte]
	asked  atomic.Int64
	server *cgroupsnapshot.Server
	served chan error
}

func (p *provider) start(t fatal) {
	t.Helper()
	l, err := p.net.Listen(cgroupsnapshot.ServiceName, linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	p.server = cgroupsnapshot.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)},
		func(_ context.Context, _ payload.Request, out *payload.Builder) error {
			p.asked.Add(1)
			if b := p.sends.Load(); b != nil {
				return out.SetEncoded(*b)
			}
			return errors.New("no")
		})
	p.served = make(chan error, 1)
	go func() { p.served <- p.server.Serve(context.Background()) }()
}

func (p *provider) stop(t fatal) {
	t.Helper()
	p.server.Close()
	if err := <-p.served; err != nil {
		t.Fatal(err)
	}
}

func (p *provider) send(t fatal, s *payload.Snapshot) []byte {
	t.Helper()
	size, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := s.Encode(b); err != nil {
		t.Fatal(err)
	}
	p.sends.Store(&b)
	return b
}

func (p *provider) cache(k Kind[payload.Request, payload.ResponseView, paths]) (*Cache[paths], service.Control) {
	client := NewClient[counted](p.net.Dialer(cgroupsnapshot.ServiceName), service.Config{ReconnectWindow: 1}, k)
	return New(client, Config{}), client.Control
}

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

var kind = Kind[payload.Request, payload.ResponseView, paths]{Make: makePaths, GenerationAt: payload.GenerationOffset}

// served returns a provider that is up, and a cache of it. Their end is the test's.
func served(t *testing.T) (*provider, *Cache[paths], service.Control) {
	t.Helper()
	p := &provider{net: linktest.NewNetwork()}
	p.start(t)
	c, control := p.cache(kind)
	t.Cleanup(func() { c.Close(); p.stop(t) })
	return p, c, control
}

func snapshotOf(generation uint64, names ...string) *payload.Snapshot {
	s := &payload.Snapshot{Generation: generation}
	for _, name := range names {
		s.Items = append(s.Items, payload.Item{Hash: 1, Name: name, Path: "/" + name})
	}
	return s
}

func refresh[T any](t *testing.T, c *Cache[T]) *Snapshot[T] {
	t.Helper()
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.Snapshot()
}

// TestUnchanged: the same bytes but for the generation are not decoded and keep the value; any other byte counts.
func TestUnchanged(t *testing.T) {
	p, c, _ := served(t)
	b := p.send(t, snapshotOf(1, "a", "b"))
	first := refresh(t, c)
	binary.NativeEndian.PutUint64(b[payload.GenerationOffset:], 77)
	before := decoded.Load()
	second := refresh(t, c)
	if n := decoded.Load() - before; n != 0 {
		t.Errorf("decoded %d times what is known", n)
	}
	if second == first || second.Generation() != 77 || first.Generation() != 1 || second.Taken().Before(first.Taken()) {
		t.Errorf("generation %d after %d", second.Generation(), first.Generation())
	}
	second.Value().byName["mark"] = "" // a map is shared by those that share it
	if _, shared := first.Value().byName["mark"]; !shared {
		t.Error("the value was made anew")
	}
	if st := c.Status(); st.Refreshes != 2 || st.Unchanged != 1 {
		t.Errorf("%+v", st)
	}
	for i := range b {
		if i >= payload.GenerationOffset && i < payload.GenerationOffset+8 {
			continue
		}
		b[i] ^= 4
		before := decoded.Load()
		err := c.Refresh(t.Context())
		if decoded.Load() == before {
			t.Fatalf("byte %d of %d was different, and nobody noticed: %v", i, len(b), err)
		}
		b[i] ^= 4
		refresh(t, c)
	}
}

// TestNoGeneration: without a generation all bytes count.
func TestNoGeneration(t *testing.T) {
	p := &provider{net: linktest.NewNetwork()}
	p.start(t)
	defer p.stop(t)
	c, _ := p.cache(Kind[payload.Request, payload.ResponseView, paths]{Make: makePaths})
	defer c.Close()
	p.send(t, snapshotOf(5, "a"))
	if s := refresh(t, c); s.Generation() != 0 {
		t.Errorf("generation %d", s.Generation())
	}
	refresh(t, c)
	p.send(t, snapshotOf(6, "a"))
	refresh(t, c)
	if st := c.Status(); st.Refreshes != 3 || st.Unchanged != 1 {
		t.Errorf("%+v", st)
	}
}

// TestMakeRefuses: what Make refuses is no fault of the session, and is not taken for known the next time.
func TestMakeRefuses(t *testing.T) {
	p, c, control := served(t)
	p.send(t, snapshotOf(1, "a"))
	held := refresh(t, c)
	p.send(t, snapshotOf(2, "bad"))
	for range 2 {
		if err := c.Refresh(t.Context()); !errors.Is(err, errMake) {
			t.Errorf("%v, want what Make said", err)
		}
	}
	if c.Snapshot() != held || !control.Ready() || !errors.Is(c.Status().LastError, errMake) {
		t.Errorf("%+v", c.Status())
	}
	p.send(t, snapshotOf(3, "a"))
	if s := refresh(t, c); s.Generation() != 3 || c.Status().Unchanged != 1 {
		t.Errorf("%+v", c.Status())
	}
}

// TestClientOfTwoCaches: what a client knows belongs to the cache that has it.
func TestClientOfTwoCaches(t *testing.T) {
	p := &provider{net: linktest.NewNetwork()}
	p.start(t)
	defer p.stop(t)
	client := NewClient[counted](p.net.Dialer(cgroupsnapshot.ServiceName), service.Config{}, kind)
	defer client.Close()
	p.send(t, snapshotOf(1, "a"))
	for range 2 {
		if v := refresh(t, New(client, Config{})).Value(); v.byName["a"] != "/a" {
			t.Errorf("%v", v)
		}
	}
}

// model is a cache, its provider, and what the cache must hold.
type model struct {
	p       *provider
	c       *Cache[paths]
	control service.Control

	up, good, aborted bool
	sends             *payload.Snapshot
	holds             *payload.Snapshot // nil: nothing yet
	want              Status
	kept              map[*Snapshot[paths]]*payload.Snapshot
}

// TestModel: whatever happens to the provider, the cache holds what the last good answer made, whole, and what was
// taken out of it before does not change.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &provider{net: linktest.NewNetwork()}
		m := &model{p: p, kept: map[*Snapshot[paths]]*payload.Snapshot{}}
		m.c, m.control = p.cache(kind)
		defer func() {
			m.c.Close()
			if m.up {
				p.stop(t)
			}
		}()
		m.data(t)
		t.Repeat(map[string]func(*rapid.T){
			"": m.check, "up": m.start, "down": m.stop, "data": m.data, "again": m.again, "rubbish": m.rubbish,
			"fail": m.fail, "abort": m.abort, "refresh": m.refresh, "ended": m.ended,
		})
	})
}

func (m *model) start(t *rapid.T) {
	if m.up {
		t.Skip("up")
	}
	m.p.start(t)
	m.up = true
}

func (m *model) stop(t *rapid.T) {
	if !m.up {
		t.Skip("down")
	}
	m.p.stop(t)
	m.up = false
}

func (m *model) data(t *rapid.T) {
	names := rapid.SliceOfN(rapid.StringMatching(`[a-c]{0,2}`), 0, 5).Draw(t, "names")
	m.sends, m.good = snapshotOf(rapid.Uint64Range(0, 3).Draw(t, "generation"), names...), true
	m.p.send(t, m.sends)
}

func (m *model) again(t *rapid.T) {
	next := *m.sends
	next.Generation++
	m.sends, m.good = &next, true
	m.p.send(t, m.sends)
}

func (m *model) rubbish(t *rapid.T) {
	b := m.p.send(t, m.sends)
	b = b[:rapid.IntRange(24, len(b)).Draw(t, "cut")]
	b = append(b, 0)[:len(b)]
	if _, err := payload.DecodeResponse(b); err == nil {
		b[2] = 1 // flags
	}
	m.p.sends.Store(&b)
	m.good = false
}

func (m *model) fail(*rapid.T) {
	m.p.sends.Store(nil)
	m.good = false
}

func (m *model) abort(*rapid.T) {
	if m.aborted {
		m.control.ClearAbort()
	} else {
		m.control.Abort()
	}
	m.aborted = !m.aborted
}

func (m *model) refresh(t *rapid.T) {
	err := m.c.Refresh(context.Background())
	if good := m.up && m.good && !m.aborted; good != (err == nil) {
		t.Fatalf("up %v, good %v, aborted %v: %v", m.up, m.good, m.aborted, err)
	}
	if m.aborted && !errors.Is(err, service.ErrAborted) {
		t.Fatal(err)
	}
	if m.up && !m.good && !m.aborted && m.p.sends.Load() != nil && (!errors.Is(err, service.ErrMalformed) || m.control.Ready()) {
		t.Fatalf("rubbish: %v", err)
	}
	if err != nil {
		m.want.Failures++
		m.want.Failing++
		return
	}
	if m.holds != nil {
		is, was := *m.sends, *m.holds
		is.Generation, was.Generation = 0, 0
		if is.Equal(was) {
			m.want.Unchanged++
		}
	}
	m.holds = m.sends
	m.want.Refreshes++
	m.want.Failing = 0
	m.kept[m.c.Snapshot()] = m.holds
}

func (m *model) ended(t *rapid.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before := m.p.asked.Load()
	if err := m.c.Refresh(ctx); err == nil || m.p.asked.Load() != before {
		t.Fatalf("%v; asked %d times", err, m.p.asked.Load()-before)
	}
	m.want.Failures++
	m.want.Failing++
}

func (m *model) check(t *rapid.T) {
	st := m.c.Status()
	if st.Refreshes != m.want.Refreshes || st.Failures != m.want.Failures || st.Failing != m.want.Failing ||
		st.Unchanged != m.want.Unchanged || st.Ready != (m.holds != nil) || m.c.Ready() != st.Ready || (st.LastError != nil) != (st.Failures > 0) {
		t.Fatalf("%+v, want %+v", st, m.want)
	}
	if m.holds != nil && (m.kept[m.c.Snapshot()] != m.holds || st.Generation != m.holds.Generation) {
		t.Fatal("the cache does not hold what was sent last")
	}
	for s, sent := range m.kept {
		want := map[string]string{}
		for _, it := range sent.Items {
			want[it.Name] = it.Path
		}
		if s.Generation() != sent.Generation || len(s.Value().byName) != len(want) {
			t.Fatalf("generation %d: %v, want %v", s.Generation(), s.Value().byName, want)
		}
		for name, path := range want {
			if s.Value().byName[name] != path {
				t.Fatalf("%v, want %v", s.Value().byName, want)
			}
		}
	}
}
