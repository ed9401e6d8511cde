package cgroups

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

// TestReaders: readers beside a refresh see one whole snapshot or another, and never a mixture.
func TestReaders(t *testing.T) {
	c, h := newServed(t, Config{})
	const sets = 7
	refreshes := soak(200, 20_000)
	list := func(n int) *payload.Snapshot {
		s := cgroupList(100 + 10*n)
		s.Generation = uint64(n)
		for i := range s.Items {
			s.Items[i].Options = uint32(n)
		}
		return s
	}
	var payloads [sets][]byte
	for n := range payloads {
		payloads[n] = encode(t, list(n))
	}
	names := list(sets - 1).Items
	check := func(s *Snapshot) error {
		n, seen := uint32(s.Generation()), 0
		for it := range s.All() {
			if it.Options() != n || it.Name() != names[seen].Name || it.Path() != names[seen].Path {
				return fmt.Errorf("generation %d, row %d: %v", n, seen, it)
			}
			seen++
		}
		if seen != 100+10*int(n) || s.Len() != seen {
			return fmt.Errorf("generation %d: %d rows", n, seen)
		}
		for i, it := range names {
			got, ok := s.Lookup(it.Hash, it.Name)
			if ok != (i < seen) || ok && (got.Options() != n || got.Path() != it.Path) {
				return fmt.Errorf("generation %d, row %d: found %v: %v", n, i, ok, got)
			}
		}
		return nil
	}
	var over atomic.Bool
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			var held *Snapshot
			for !over.Load() {
				s := c.Snapshot()
				if s == nil {
					continue
				}
				if held == nil || s.Generation() == 3 {
					held = s
				}
				for _, s := range []*Snapshot{s, held} {
					if err := check(s); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for n := range refreshes {
		h.set(modeServe, payloads[n%sets])
		if err := c.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	over.Store(true)
	readers.Wait()
}

// machine is a host that makes and removes cgroups, and remembers what was there when.
type machine struct {
	mu         sync.Mutex
	generation uint64
	alive      []int          // by number, in the order of making
	born, died map[int]uint64 // generations
	size       map[uint64]int // how many there were in a generation that was asked for
}

func (m *machine) make(id int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.alive = append(m.alive, id)
	m.born[id] = m.generation
}

func (m *machine) remove(at int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.died[m.alive[at]] = m.generation
	m.alive = append(m.alive[:at], m.alive[at+1:]...)
}

// cgroupOf returns the cgroup of a number: each field follows from it.
func cgroupOf(id int) payload.Item {
	name := fmt.Sprintf("cgroup-%d.scope", id)
	it := named(name, fmt.Sprintf("/sys/fs/cgroup/user.slice/%d/%s", id%7, name))
	it.Options, it.Enabled = uint32(id), uint32(id%2)
	return it
}

// serve is the handler of the machine's service.
func (m *machine) serve(_ context.Context, _ payload.Request, out *payload.Builder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.size[m.generation] = len(m.alive)
	out.SetGeneration(m.generation)
	for _, id := range m.alive {
		if err := out.AddItem(cgroupOf(id)); err != nil {
			return err
		}
	}
	return nil
}

// check judges a snapshot: every row is a cgroup, whole, that was there in the snapshot's generation, and none
// that was there is missing.
func (m *machine) check(s *Snapshot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := s.Generation()
	for it := range s.All() {
		id := int(it.Options())
		if it.Owned() != cgroupOf(id) {
			return fmt.Errorf("generation %d: a torn row: %v", g, it)
		}
		if got, ok := s.Lookup(it.Hash(), it.Name()); !ok || got != it {
			return fmt.Errorf("generation %d: %v is not found", g, it)
		}
		died, dead := m.died[id]
		if m.born[id] == 0 || m.born[id] > g || dead && died <= g {
			return fmt.Errorf("generation %d: a wrong row: %v, born in %d, died in %d", g, it, m.born[id], died)
		}
	}
	if want := m.size[g]; s.Len() != want {
		return fmt.Errorf("generation %d: %d rows, want %d", g, s.Len(), want)
	}
	return nil
}

// TestChurn: 10,000 cgroups are made and removed while a consumer refreshes and others look things up.
func TestChurn(t *testing.T) {
	const cgroups, atOnce, step = 10_000, 500, 100
	m := &machine{born: map[int]uint64{}, died: map[int]uint64{}, size: map[uint64]int{}}
	net := linktest.NewNetwork()
	l, err := net.Listen(cgroupsnapshot.ServiceName, linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	server := cgroupsnapshot.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}, m.serve)
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background()) }()
	c := New(net.Dialer(cgroupsnapshot.ServiceName), Config{})

	var over atomic.Bool
	more := make(chan struct{}) // a refresh has been, so the machine may go on
	var all sync.WaitGroup
	all.Go(func() { // the machine
		defer over.Store(true)
		id := 0
		for ; id < cgroups; id++ {
			m.make(id)
			if id >= atOnce {
				m.remove(id * 7919 % atOnce)
			}
			if id%step == 0 {
				linktest.Await(t, "a refresh", more)
			}
		}
		for range atOnce {
			m.remove(0)
		}
	})
	all.Go(func() { // somebody who looks things up
		for id := 0; !over.Load(); id = (id + 1) % cgroups {
			want := cgroupOf(id)
			if got, ok := c.Lookup(want.Hash, want.Name); ok && got.Owned() != want {
				t.Errorf("Lookup = %v, want %v", got, want)
				return
			}
		}
	})
	for !over.Load() {
		if err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := m.check(c.Snapshot()); err != nil {
			t.Error(err)
			break
		}
		select {
		case more <- struct{}{}:
		default:
		}
	}
	for !over.Load() {
		select {
		case more <- struct{}{}:
		default:
		}
	}
	all.Wait()
	if err := c.Refresh(t.Context()); err != nil || c.Snapshot().Len() != 0 || !c.Ready() {
		t.Errorf("at the end: %v, %d cgroups", err, c.Snapshot().Len())
	}
	st := c.Status()
	t.Logf("%d refreshes, %d generations", st.Refreshes, st.Generation)
	if st.Refreshes < cgroups/step || st.Generation != 2*cgroups {
		t.Errorf("%+v", st)
	}
	c.Close()
	server.Close()
	if err := linktest.Await(t, "Serve to return", served); err != nil {
		t.Error(err)
	}
}
