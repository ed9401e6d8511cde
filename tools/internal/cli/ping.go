package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

type pingFlags struct {
	count     int
	warmup    int
	interval  time.Duration
	timeout   time.Duration
	increment string
	self      bool
	profile   profile
	format    string
}

// How many requests are sent unless it is said otherwise.
const (
	fewRequests  = 100   // whose answer is a whole snapshot
	manyRequests = 10000 // whose answer is a number
)

func newPing(a *app) *cobra.Command {
	var f pingFlags
	cmd := &cobra.Command{
		Use:   "ping",
		Short: "Measure round trips to a service",
		Long: `ping sends one request after the other and measures how long each answer takes.

Without more it asks the provider of ` + snapshotService + ` in the run directory for whole
snapshots, so it measures the work of making one as well. --increment asks a service
of method INCREMENT, a number there and the next one back, which is the round trip
itself. --self starts such a service, in a second process and a private directory,
measures each profile that this host has, unless --profile names one, and leaves
nothing of it.

The first requests are not counted (--warmup). Ctrl-C ends it early; what was
measured until then is shown.

With -o json, one object each profile: "target", "endpoint", "method", "profile", "peer_pid", "count",
"warmup", "elapsed_ns", "rate_per_second", "min_ns", "mean_ns", "max_ns",
"stddev_ns", "percentiles_ns" with "p50", "p90", "p95", "p99" and "p99.9" (of three
significant digits, never more than "max_ns"), and "buckets": a list of
objects with "from_ns", "to_ns" and "count", of times from the one to below the
other.`,
		Example: `  netipc ping --self
  netipc ping -c 1000 -i 10ms
  netipc ping --increment my-service --profile shm-hybrid -o json`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: runs(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			if f.self {
				return a.pingSelf(ctx, &f, cmd.Flags().Changed("profile"))
			}
			return a.ping(ctx, &f)
		}),
	}
	addOutput(cmd, &f.format, "text", "json")
	addProfile(cmd, &f.profile)
	flags := cmd.Flags()
	flags.IntVarP(&f.count, "count", "c", manyRequests, fmt.Sprintf("how many requests to measure, 0: until Ctrl-C (default %d, of snapshots %d)", manyRequests, fewRequests))
	flags.Lookup("count").DefValue = "0" // it stands in the text
	flags.IntVar(&f.warmup, "warmup", 0, "how many requests to send before (default a tenth of --count)")
	flags.DurationVarP(&f.interval, "interval", "i", 0, "how long to wait between requests")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long to wait for an answer")
	flags.StringVar(&f.increment, "increment", "", "ping the INCREMENT service of this `name`")
	flags.BoolVar(&f.self, "self", false, "ping an INCREMENT service started for this")
	cmd.MarkFlagsMutuallyExclusive("increment", "self")
	return cmd
}

// check judges the flags and fills in what depends on others.
func (f *pingFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	if !given("count") && !f.self && f.increment == "" {
		f.count = fewRequests
	}
	if !given("warmup") {
		f.warmup = f.count / 10
	}
	switch {
	case given("increment") && link.CheckServiceName(f.increment) != nil:
		return usagef("--increment: %v", link.CheckServiceName(f.increment))
	case f.count < 0:
		return usagef("--count %d: 0 or more", f.count)
	case f.warmup < 0:
		return usagef("--warmup %d: 0 or more", f.warmup)
	case f.interval < 0:
		return usagef("--interval %v: 0 or more", f.interval)
	case f.timeout <= 0:
		return usagef("--timeout %v: more than 0", f.timeout)
	}
	return nil
}

func (a *app) ping(ctx context.Context, f *pingFlags) error {
	t, err := a.pingTarget(f)
	if err != nil {
		return err
	}
	return a.measure(ctx, t, f)
}

// pingSelf pings a second process, over one profile or each.
func (a *app) pingSelf(ctx context.Context, f *pingFlags, one bool) error {
	p, err := startPingProvider(ctx, a.err)
	if err != nil {
		return err
	}
	defer p.stop()
	all := hostProfiles()
	if one {
		all = []profile{f.profile}
	}
	for i, profile := range all {
		if i > 0 && f.format == "text" {
			if _, err := fmt.Fprintln(a.out); err != nil {
				return err
			}
		}
		t, err := selfTarget(p, profile, f.timeout)
		if err != nil {
			return err
		}
		if err := a.measure(ctx, t, f); err != nil {
			return fmt.Errorf("%s: %w", profile, err)
		}
		if ctx.Err() != nil {
			return nil // what was measured until then is shown
		}
	}
	return nil
}

// measure pings a target and shows what came of it. It closes the target.
func (a *app) measure(ctx context.Context, t *target, f *pingFlags) error {
	defer t.close()
	if err := connect(ctx, t.client, f.timeout); err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return connectError(err, t.client.Status().Endpoint)
	}
	r := newRoundTrips(t)
	failed := r.run(ctx, f, a.progress(f))
	switch {
	case failed != nil && r.count() == 0 && ctx.Err() != nil:
		return errInterrupted
	case r.count() == 0 && failed != nil:
		return callError(failed)
	}
	var err error
	if f.format == "json" {
		err = render.JSON(a.out, r.result())
	} else {
		err = r.result().writeText(a.out, style(a.out))
	}
	if err == nil && failed != nil && !(ctx.Err() != nil && errors.Is(failed, context.Canceled)) {
		err = fmt.Errorf("after %d answers: %w", r.count(), failed)
	}
	return err
}

// progress returns what tells people that something goes on, if they look; a number below 0 says that it is over.
func (a *app) progress(f *pingFlags) func(done int) {
	if !isTerminal(a.err) {
		return func(int) {}
	}
	last, shown := time.Now(), false
	total := ""
	if f.count > 0 {
		total = fmt.Sprintf(" of %d", f.count)
	}
	return func(done int) {
		switch {
		case done < 0 && shown:
			fmt.Fprint(a.err, "\r\x1b[K")
		case done >= 0 && time.Since(last) > 200*time.Millisecond:
			last, shown = time.Now(), true
			fmt.Fprintf(a.err, "\r%d%s", done, total)
		}
	}
}
