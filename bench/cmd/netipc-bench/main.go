// Netipc-bench measures netipc beside what the machine can do at best.
//
//	netipc-bench                 all cases, 7 rounds, a table
//	netipc-bench -run futex      cases whose name matches, and what they are compared with
//	netipc-bench -o json         one row a line; -o csv likewise
//	netipc-bench -short          a look in seconds; its values are not to be published, nor judged
//	netipc-bench -list           the names
//
// Values of this machine mean little; read the ratios. What is skipped, and why, is said on standard error.
//
// Exit status: 0, 1 if something failed or a row does not keep its limit, 2 for wrong usage, 3 if nothing at all
// can be measured here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/ipc"
	"github.com/plugin-ipc/netipc/bench/local"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/report"
)

func main() {
	peer.Main(roles())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// cases and roles are all that this program measures.
func cases() []bench.Case { return slices.Concat(probe.Cases(), ipc.Cases(), local.Cases()) }

func roles() map[string]peer.Role {
	all := map[string]peer.Role{}
	maps.Copy(all, probe.Roles())
	maps.Copy(all, ipc.Roles())
	return all
}

var formats = map[string]func(io.Writer, []report.Row) error{
	"table": report.WriteTable,
	"json":  report.WriteJSON,
	"csv":   report.WriteCSV,
}

func run(ctx context.Context, args []string, out, errs io.Writer) (status int) {
	flags := flag.NewFlagSet("netipc-bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	var (
		pattern  = flags.String("run", "", "measure the cases whose name matches this `regexp`")
		list     = flags.Bool("list", false, "list the cases and end")
		rounds   = flags.Int("rounds", bench.MinRounds, "samples of each case")
		duration = flags.Duration("time", 200*time.Millisecond, "duration of one sample")
		short    = flags.Bool("short", false, "2 rounds of 5 ms: only to see that it works")
		format   = flags.String("o", "table", "table, json or csv")
	)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	write, ok := formats[*format]
	switch {
	case !ok:
		fmt.Fprintf(errs, "netipc-bench: -o %s: want table, json or csv\n", *format)
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(errs, "netipc-bench: %q is one argument too many; cases are chosen with -run\n", flags.Arg(0))
		return 2
	case *rounds < 1 || *duration <= 0:
		fmt.Fprintln(errs, "netipc-bench: -rounds and -time have to be above 0")
		return 2
	}
	selected, err := bench.Select(cases(), *pattern)
	if err != nil {
		fmt.Fprintln(errs, "netipc-bench:", err)
		return 2
	}
	if len(selected) == 0 {
		fmt.Fprintf(errs, "netipc-bench: no case matches %q; -list shows them\n", *pattern)
		return 2
	}
	if *list {
		for _, c := range selected {
			fmt.Fprintln(out, c.Name)
		}
		return 0
	}
	if *short {
		*rounds, *duration = 2, 5*time.Millisecond
		for i := range selected {
			selected[i].Limits, selected[i].LimitsTo = nil, nil
		}
	}
	fmt.Fprintf(errs, "%s %s/%s, %d processors, %d rounds of %v\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds, *duration)
	if runtime.NumCPU() < 2 {
		fmt.Fprintln(errs, "one processor: what spins measures the scheduler")
	}
	result, err := bench.Run(ctx, selected, bench.Options{Rounds: *rounds, Duration: *duration})
	for _, name := range slices.Sorted(maps.Keys(result.Skipped)) {
		fmt.Fprintf(errs, "skipped %s: %s\n", name, result.Skipped[name])
	}
	if err == nil && len(result.Rows) == 0 {
		fmt.Fprintln(errs, "netipc-bench: nothing of this can be measured here")
		return 3
	}
	if err == nil {
		err = write(out, result.Rows)
	}
	if err != nil {
		fmt.Fprintln(errs, "netipc-bench:", err)
		return 1
	}
	for _, r := range result.Rows {
		if r.Pass != nil && !*r.Pass {
			fmt.Fprintf(errs, "%s does not keep its limit %s\n", r.Name, r.Limit)
			status = 1
		}
	}
	return status
}
