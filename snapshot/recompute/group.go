package recompute

import (
	"context"
	"runtime"
	"sync"
)

// Group runs many recomputers as one: those that others depend on first, their runs spread over time, a few at once.
// One goroutine keeps time for all of them. All methods may be called by any number of goroutines; members are used
// as by themselves.
type Group struct {
	e *engine

	mu      sync.Mutex // before the engine's
	members []*member
	after   map[*member][]*member
	closed  bool // to new members
}

// GroupConfig configures a group. The zero value of every field gives the default in its comment.
type GroupConfig struct {
	// Parallel is how many runs there are at a time; default runtime.GOMAXPROCS. A run that waits for its turn has
	// not started.
	Parallel int
	// Clock is where time comes from, for all members; default: the system.
	Clock Clock
}

// Member is a Recomputer, of any type.
type Member interface{ member() *member }

func (r *Recomputer[T]) member() *member { return &r.m }

// NewGroup returns a group without members, which does nothing before Start.
func NewGroup(cfg GroupConfig) *Group {
	if cfg.Parallel <= 0 {
		cfg.Parallel = runtime.GOMAXPROCS(0)
	}
	return &Group{e: newEngine(cfg.Clock, NewGate(cfg.Parallel)), after: map[*member][]*member{}}
}

// Add takes m into the group. Its first run waits for the first values of those in after, which may be added later;
// from then on it runs by its own interval. It is the group that starts m; m may be stopped alone.
// Errors: ErrGrouped if m belongs to a group already; ErrStarted and ErrStopped if it, or the group, is.
func (g *Group) Add(m Member, after ...Member) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrStarted
	}
	n := m.member()
	if err := n.adopt(g.e); err != nil {
		return n.named(err)
	}
	g.members = append(g.members, n)
	for _, a := range after {
		g.after[n] = append(g.after[n], a.member())
	}
	return nil
}

// adopt makes e the engine of m.
func (m *member) adopt(e *engine) error {
	old := m.lock()
	defer old.mu.Unlock()
	switch {
	case m.grouped:
		return ErrGrouped
	case m.phase == phaseStarted:
		return ErrStarted
	case m.phase == phaseStopped:
		return ErrStopped
	}
	m.grouped = true
	m.eng.Store(e)
	return nil
}

// Start starts all members. It returns when each has a value; options make it wait less. If the first run of one
// fails, or ctx ends first, it returns why, and the group is stopped: as by Stop with ctx.
//
// The first run of each follows at once, in the order of dependencies; the second ones are spread over the interval.
// Errors: those of Recomputer.Start; ErrCycle, which names the circle, and ErrNoMember: nothing has been started
// then.
func (g *Group) Start(ctx context.Context, opts ...StartOption) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return ErrStarted
	}
	members, err := ordered(g.members, g.after)
	if err != nil {
		g.mu.Unlock()
		return err
	}
	g.closed = true
	g.members = members
	g.e.mu.Lock()
	for _, m := range members {
		m.blockers = len(g.after[m])
		for _, a := range g.after[m] {
			a.dependents = append(a.dependents, m)
		}
	}
	g.e.mu.Unlock()
	g.after = nil
	g.mu.Unlock()
	return g.e.start(ctx, members, opts)
}

// Stop stops all members, and waits for them as Recomputer.Stop does.
func (g *Group) Stop(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	members := g.members
	g.mu.Unlock()
	return g.e.stop(ctx, members)
}

// GroupStatus is a moment in a group's life.
type GroupStatus struct {
	Members []Status // in the order in which they were started
	Running int      // members whose run is in progress
	Waiting int      // for their turn
	Good    int      // members whose value is good
	Failing int      // members that have failed since their last success
}

// Status returns what is known now, of all members at the same time.
func (g *Group) Status() GroupStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.e.mu.Lock()
	defer g.e.mu.Unlock()
	now := g.e.clock.Now()
	s := GroupStatus{Members: make([]Status, len(g.members))}
	for i, m := range g.members {
		st := m.status(now)
		s.Members[i] = st
		switch st.State {
		case StateRunning:
			s.Running++
		case StateWaiting:
			s.Waiting++
		}
		if st.Good {
			s.Good++
		}
		if st.Failing > 0 {
			s.Failing++
		}
	}
	return s
}
