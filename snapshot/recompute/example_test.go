package recompute_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/snapshot/recompute"
)

// A value that is slow to make, and its readers.
func Example() {
	ctx := context.Background()
	load := 0
	r := recompute.New(recompute.Config[string]{
		Interval: time.Minute,
		Timeout:  10 * time.Second,
	}, func(ctx context.Context, prev *recompute.Snapshot[string]) (string, error) {
		if load++; load == 2 { // a database, a walk of /proc, ...
			return "", errors.New("the database is away")
		}
		return fmt.Sprintf("loaded %d times", load), nil
	})
	if err := r.Start(ctx); err != nil { // the first value is there
		fmt.Println(err)
		return
	}
	defer r.Stop(ctx)

	s, ok := r.Get() // at once, always
	fmt.Println(s.Value, s.Gen, ok)

	_, err := r.Refresh(ctx) // a run that starts now
	fmt.Println(err)
	s, ok = r.Get() // what it has not brought does no harm
	fmt.Println(s.Value, s.Gen, ok)

	s, err = r.Refresh(ctx)
	fmt.Println(s.Value, s.Gen, err)
	// Output:
	// loaded 1 times 1 true
	// recompute: the database is away
	// loaded 1 times 1 true
	// loaded 3 times 2 <nil>
}

// Two values, one of which is made from the other.
func ExampleGroup() {
	ctx := context.Background()
	names := recompute.New(recompute.Config[[]string]{Name: "names"},
		func(context.Context, *recompute.Snapshot[[]string]) ([]string, error) {
			return []string{"cron", "ssh"}, nil
		})
	count := recompute.New(recompute.Config[int]{Name: "count"},
		func(context.Context, *recompute.Snapshot[int]) (int, error) {
			s, _ := names.Get() // has a value before the first run of count
			return len(s.Value), nil
		})
	g := recompute.NewGroup(recompute.GroupConfig{Parallel: 2})
	if err := errors.Join(g.Add(count, names), g.Add(names)); err != nil {
		fmt.Println(err)
		return
	}
	if err := g.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	s, _ := count.Get()
	fmt.Println(s.Value)
	for _, st := range g.Status().Members {
		fmt.Println(st.Name, st.Runs)
	}
	fmt.Println(g.Stop(ctx))
	// Output:
	// 2
	// names 1
	// count 1
	// <nil>
}
