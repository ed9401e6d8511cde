package hostlookup

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/applookup"
)

// many is a request for a pid that is answered from the table.
func many(pid uint32) []uint32 {
	all := make([]uint32, FewPIDs+1)
	for i := range all {
		all[i] = pid
	}
	return all
}

// counted counts the tables that s makes.
func counted(s *Source) *int {
	n, build := new(int), s.build
	s.build = func(ctx context.Context, last *Table) (*Table, error) {
		*n++
		return build(ctx, last)
	}
	return n
}

// What a process was is answered for MaxAge at most, when many are asked for; when few are, not at all. One that
// has begun since is seen at once.
func TestStaleness(t *testing.T) {
	f := newFixture(t, unified)
	f.cgroupDir("/a.service")
	f.process(7, "old", 1, "/a.service")
	synctest.Test(t, func(t *testing.T) {
		s := newTestSource(f.root)
		tables := counted(s)
		check := func(when, comm string, start uint64, pids ...uint32) {
			t.Helper()
			items, err := askProcesses(t, s, pids...)
			if err != nil {
				t.Fatal(err)
			}
			status := applookup.StatusKnown
			if comm == "" {
				status = applookup.StatusUnknown
			}
			for _, it := range items {
				if it.Status != status || it.Comm != comm || it.StartTime != start {
					t.Errorf("%s: %+v; want %q of %d", when, it, comm, start)
				}
			}
		}
		check("first", "old", 1, many(7)...)
		f.process(7, "new", 2, "/a.service")
		check("used again, few", "new", 2, 7)
		check("used again, many", "old", 1, many(7)...)
		pass(MaxAge)
		check("used again, many, at the limit", "old", 1, many(7)...)
		pass(time.Nanosecond)
		check("used again, many, beyond it", "new", 2, many(7)...)
		f.remove("/proc/7")
		check("ended, few", "", 0, 7)
		check("ended, many", "new", 2, many(7)...)
		pass(MaxAge + 1)
		check("ended, many, beyond it", "", 0, many(7)...)
		f.process(8, "young", 3, "/a.service")
		check("young", "young", 3, many(8)...)
		f.remove("/proc/8")
		check("young and gone", "", 0, many(8)...)
		if *tables != 3 {
			t.Errorf("%d tables, want 3", *tables)
		}
	})
}

// Any number of pids that nobody knows costs one table.
func TestOnDemandIsBounded(t *testing.T) {
	f := newFixture(t, unified)
	s := newTestSource(f.root)
	tables := counted(s)
	var pids []uint32
	var paths []string
	for i := range uint32(5000) {
		pids = append(pids, 100_000+i)
		paths = append(paths, "/none/"+string(rune('a'+i%26)))
	}
	if _, err := askProcesses(t, s, pids[:OnDemand]...); err != nil || *tables != 1 {
		t.Errorf("%d tables, %v", *tables, err)
	}
	// One that begins after the table was made, beyond what is looked at one by one.
	f.process(pids[len(pids)-1], "late", 5, "/")
	items, err := askProcesses(t, s, pids...)
	if err != nil || *tables != 2 {
		t.Errorf("%d tables, %v", *tables, err)
	}
	for i, it := range items {
		if late := i == len(items)-1; (it.Status == applookup.StatusKnown) != late || (it.Comm == "late") != late {
			t.Errorf("%+v", it)
		}
	}
	if _, err := askCgroups(t, s, paths...); err != nil || *tables != 3 {
		t.Errorf("%d tables, %v", *tables, err)
	}
}

// Run makes tables while somebody asks, and none while nobody does.
func TestRun(t *testing.T) {
	f := newFixture(t, unified)
	f.process(7, "p", 1, "/")
	synctest.Test(t, func(t *testing.T) {
		s := newTestSource(f.root)
		tables := counted(s)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		pass(time.Hour)
		synctest.Wait()
		if *tables != 0 {
			t.Errorf("%d tables, and nobody has asked", *tables)
		}
		for range 100 {
			if _, err := askProcesses(t, s, many(7)...); err != nil {
				t.Fatal(err)
			}
			if age := s.Get().Age(); age > MaxAge {
				t.Errorf("answered from a table %v old", age)
			}
			pass(100 * time.Millisecond)
		}
		synctest.Wait()
		if *tables < 10 || *tables > 25 {
			t.Errorf("%d tables in ten seconds", *tables)
		}
		before := *tables
		pass(time.Hour)
		synctest.Wait()
		if *tables > before+1 {
			t.Errorf("%d tables more, and nobody has asked", *tables-before)
		}
		cancel()
		<-done
	})
}

// A host that takes long to read is not read all the time, and those who wait share.
func TestSlowHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSource(t.TempDir())
		var tables atomic.Int64
		const cost = 2 * time.Second
		s.build = func(ctx context.Context, last *Table) (*Table, error) {
			tables.Add(1)
			started := time.Now()
			select {
			case <-time.After(cost):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			return &Table{started: started, cost: cost}, nil
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := s.Fresh(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := tables.Load(); n > 2 {
			t.Errorf("%d tables for 50 callers", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.Run(ctx)
		tables.Store(0)
		begun := time.Now()
		for time.Since(begun) < 100*time.Second {
			asked := time.Now()
			tab, err := s.Fresh(t.Context())
			if err != nil || tab.Age() > slowness*cost || time.Since(asked) > 0 {
				t.Errorf("age %v, waited %v, %v", tab.Age(), time.Since(asked), err)
			}
			pass(time.Second)
		}
		if busy := time.Duration(tables.Load()) * cost; busy > 30*time.Second {
			t.Errorf("reading for %v of 100 s", busy)
		}
	})
}

// A caller that leaves does not wait, and ends the reading of nobody else.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSource(t.TempDir())
		s.build = func(ctx context.Context, last *Table) (*Table, error) {
			select {
			case <-time.After(time.Hour):
				return &Table{started: time.Now()}, nil
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		results := make(chan error, 2)
		go func() { _, err := s.Fresh(t.Context()); results <- err }()
		synctest.Wait()
		left := errors.New("left")
		ctx, leave := context.WithCancelCause(t.Context())
		go func() { _, err := s.Fresh(ctx); results <- err }()
		synctest.Wait()
		leave(left)
		if err := <-results; !errors.Is(err, left) {
			t.Error(err)
		}
		if err := <-results; err != nil {
			t.Error(err)
		}
	})
}
