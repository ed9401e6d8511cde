package cgroups

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// model is a cache, its provider, and what the cache must hold.
type model struct {
	cache *Cache
	host  *host

	up      bool
	stale   bool // the provider has died since it was last asked
	aborted bool
	mode    mode
	sends   *payload.Snapshot // nil: what it sends is rubbish

	holds     *payload.Snapshot // nil: nothing yet
	refreshes uint64
	failures  uint64
	failing   uint64
	kept      []keptSnapshot
}

// keptSnapshot is one that a reader holds on to.
type keptSnapshot struct {
	s    *Snapshot
	want *payload.Snapshot
}

// TestModel: whatever happens to the provider, the cache holds the last good snapshot, whole, and those that
// were taken out of it before do not change.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHost()
		m := &model{host: h, cache: h.cache(Config{})}
		defer func() { m.cache.Close(); h.stop() }()
		m.serve(t, modeServe, &payload.Snapshot{})
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"up":      m.start,
			"down":    m.stop,
			"data":    m.data,
			"again":   m.again,
			"rubbish": m.rubbish,
			"behave":  m.behave,
			"abort":   m.abort,
			"refresh": m.refresh,
			"cancel":  m.cancelled,
			"keep":    m.keep,
			"look":    m.look,
		})
		m.look(t)
	})
}

func (m *model) start(t *rapid.T) {
	if m.up {
		t.Skip("up")
	}
	m.host.start(t)
	m.up = true
}

func (m *model) stop(t *rapid.T) {
	if !m.up {
		t.Skip("down")
	}
	m.host.stop()
	m.up, m.stale = false, true
}

func (m *model) serve(t *rapid.T, mode mode, s *payload.Snapshot) {
	m.mode, m.sends = mode, s
	m.host.set(mode, encode(t, s))
}

// data makes the provider send something else, now and then something large.
func (m *model) data(t *rapid.T) {
	next := &payload.Snapshot{
		Generation:     rapid.Uint64().Draw(t, "generation"),
		SystemdEnabled: rapid.Uint32Range(0, 2).Draw(t, "systemd"),
		Items:          items(20).Draw(t, "items"),
	}
	switch large := rapid.IntRange(0, 9).Draw(t, "large"); {
	case large == 0:
		next.Items = append(next.Items, cgroupList(500).Items...)
	case large == 1 && soak(0, 1) == 1:
		next.Items = append(next.Items, hundredThousand()...)
	}
	m.serve(t, modeServe, next)
}

// hundredThousand returns as many items, made once.
var hundredThousand = sync.OnceValue(func() []payload.Item { return cgroupList(100_000).Items })

// again makes the provider send the same items with another generation.
func (m *model) again(t *rapid.T) {
	if m.sends == nil {
		t.Skip("rubbish")
	}
	next := *m.sends
	next.Generation++
	m.serve(t, modeServe, &next)
}

// rubbish damages what the provider sends. It may still make sense: the decoder decides.
func (m *model) rubbish(t *rapid.T) {
	if m.sends == nil {
		t.Skip("rubbish")
	}
	b := encode(t, m.sends)
	if rapid.Bool().Draw(t, "cut") {
		b = b[:rapid.IntRange(0, len(b)-1).Draw(t, "at")]
	} else {
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	}
	m.mode, m.sends = modeServe, nil
	if v, err := payload.DecodeResponse(b); err == nil {
		m.sends = new(payload.Snapshot)
		v.Clone(m.sends)
	}
	m.host.set(modeServe, b)
}

// behave makes the provider misbehave in another way.
func (m *model) behave(t *rapid.T) {
	if m.sends == nil {
		t.Skip("rubbish")
	}
	m.serve(t, rapid.SampledFrom([]mode{modeFail, modeBreak, modeBadOnce, modeServe}).Draw(t, "mode"), m.sends)
}

func (m *model) abort(*rapid.T) {
	if m.aborted {
		m.cache.Client().ClearAbort()
	} else {
		m.cache.Client().Abort()
	}
	m.aborted = !m.aborted
}

// refresh refreshes and judges the outcome.
func (m *model) refresh(t *rapid.T) {
	err := m.cache.Refresh(context.Background())
	var status *service.StatusError
	switch {
	case m.aborted:
		if !errors.Is(err, service.ErrAborted) {
			t.Fatalf("aborted: %v", err)
		}
	case !m.up:
		if !errors.Is(err, link.ErrNotFound) {
			t.Fatalf("down: %v", err)
		}
	case m.sends == nil:
		if !errors.Is(err, service.ErrMalformed) || m.cache.Client().Ready() {
			t.Fatalf("rubbish: %v", err)
		}
	case m.mode == modeFail:
		if !errors.As(err, &status) {
			t.Fatalf("a failing handler: %v", err)
		}
	case m.mode == modeBreak:
		if err == nil {
			t.Fatal("a provider that hangs up, and no error")
		}
	case m.mode == modeBadOnce && m.stale && err != nil:
		// The one retry may have been used up by finding out that the old session is dead.
		if !errors.Is(err, service.ErrMalformed) {
			t.Fatal(err)
		}
		m.mode = modeServe
	case err != nil:
		t.Fatal(err)
	default:
		m.mode = modeServe // modeBadOnce is over
		m.holds = m.sends
		m.refreshes++
		m.failing, m.stale = 0, false
		return
	}
	m.failures++
	m.failing++
	m.stale = m.stale && (m.aborted || !m.up)
}

// cancelled refreshes with a context that ends while the provider thinks.
func (m *model) cancelled(t *rapid.T) {
	if !m.up || m.aborted {
		t.Skip("nothing to wait for")
	}
	m.host.mu.Lock()
	mode, b := m.host.mode, m.host.payload
	m.host.mu.Unlock()
	m.host.set(modeSilent, nil)
	defer m.host.set(mode, b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.cache.Refresh(ctx) }()
	<-m.host.asked
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	m.stale = false
	m.failures++
	m.failing++
}

// keep makes a reader hold on to a snapshot.
func (m *model) keep(t *rapid.T) {
	if m.holds == nil {
		t.Skip("nothing to hold on to")
	}
	want := &payload.Snapshot{Generation: m.holds.Generation, SystemdEnabled: m.holds.SystemdEnabled, Items: slices.Clone(m.holds.Items)}
	m.kept = append(m.kept, keptSnapshot{m.cache.Snapshot(), want})
}

func (m *model) check(t *rapid.T) {
	st := m.cache.Status()
	if st.Refreshes != m.refreshes || st.Failures != m.failures || st.Failing != m.failing || st.Unchanged > st.Refreshes {
		t.Fatalf("%+v; want %d refreshes, %d failures, %d of them since", st, m.refreshes, m.failures, m.failing)
	}
	if (st.LastError != nil) != (m.failures > 0) || st.LastFailure.IsZero() != (m.failures == 0) {
		t.Fatalf("%+v", st)
	}
	if ready := m.holds != nil; m.cache.Ready() != ready || st.Ready != ready || (m.cache.Snapshot() != nil) != ready {
		t.Fatalf("ready is %v, want %v", m.cache.Ready(), ready)
	}
	if m.holds != nil {
		checkHolds(t, m.cache.Snapshot(), m.holds)
	}
}

// look looks at what was kept.
func (m *model) look(t *rapid.T) {
	for _, k := range m.kept {
		checkHolds(t, k.s, k.want)
	}
}
