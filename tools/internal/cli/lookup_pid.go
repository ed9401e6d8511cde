package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/tools/internal/hostprocs"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

func newLookupPID(a *app) *cobra.Command {
	var f lookupFlags
	var all bool
	cmd := &cobra.Command{
		Use:   "pid PID... | --all",
		Short: "Show who processes are, and in which cgroup",
		Long: `lookup pid asks the provider of ` + appsLookupService + ` in the run directory, of whatever
make, about processes. If none runs there, it starts one inside itself and says so on
standard error. With --all it asks about every process that this host has; those that
have ended meanwhile are left out.

table   PID, PPID, UID, START (clock ticks since boot), COMMAND, BY (who runs the
        cgroup), CGROUP (its name) and PATH. In place of a name: (host) in the root
        cgroup, (not known yet) worth asking again, (unknown for good) not
json    one object: "endpoint", "embedded", "generation", "processes": a list of
        objects with "pid", "status", and unless that says otherwise "ppid", "uid",
        "start_time", "comm", "cgroup_status", "orchestrator", "cgroup_path",
        "cgroup_name", "labels"
ndjson  one such object a line for each process, with "generation"
csv     columns of these names

` + lookupOutput + `

Exit status: 1 if a process that was named is not known.`,
		Example: `  netipc lookup pid 1 $$
  netipc lookup pid --all -o ndjson | jq -r 'select(.orchestrator == "docker").comm'
  netipc lookup pid --labels $(pgrep nginx)`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: runs(func(ctx context.Context, _ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			switch {
			case all && len(args) > 0:
				return usagef("either pids or --all, not both")
			case !all && len(args) == 0:
				return usagef("which? Give pids, or --all")
			}
			pids, err := parsePIDs(args)
			if err != nil {
				return err
			}
			return a.lookupPIDs(ctx, &f, pids, all)
		}),
	}
	f.add(cmd)
	cmd.Flags().BoolVarP(&all, "all", "a", false, "all processes of this host")
	return cmd
}

func parsePIDs(args []string) ([]uint32, error) {
	pids := make([]uint32, len(args))
	for i, arg := range args {
		pid, err := strconv.ParseUint(arg, 10, 32)
		if err != nil {
			return nil, usagef("%q is no pid: a number up to 4294967295", arg)
		}
		pids[i] = uint32(pid)
	}
	return pids, nil
}

func (a *app) lookupPIDs(ctx context.Context, f *lookupFlags, pids []uint32, all bool) error {
	if all {
		var err error
		if pids, err = hostprocs.PIDs(hostprocs.Config{}); err != nil {
			return dialerError(err)
		}
	}
	p, err := find(ctx, a, f, appsLookupService, func(d link.Dialer, cfg service.Config) *applookup.Client {
		return applookup.NewClient(d, applookup.Config{Config: cfg, Ceilings: applookup.Ceilings{Keys: max(len(pids), 1)}})
	})
	if err != nil {
		return err
	}
	defer p.close()
	var answer payload.Response
	if err := p.client.Get(ctx, pids, &answer); err != nil {
		return callError(err)
	}
	if all {
		answer.Items = slices.DeleteFunc(answer.Items, func(it payload.Item) bool { return it.Status == payload.StatusUnknown })
	}
	w := render.NewLookupWriter(a.out, render.Format(f.format), style(a.out), isTerminal(a.out), f.labels)
	from := render.Provider{Endpoint: p.client.Status().Endpoint, Embedded: p.embedded != nil, Generation: answer.Generation}
	if err := w.Processes(from, answer.Items); err != nil {
		return err
	}
	return complainUnknown(len(answer.Items), "process", "processes", func(i int) (string, string, bool) {
		it := &answer.Items[i]
		return strconv.FormatUint(uint64(it.PID), 10), render.StatusOfProcess(it.Status), it.Status == payload.StatusKnown
	})
}

// complainUnknown makes an error of keys that are not known. key returns one, its status, and whether it is known.
func complainUnknown(n int, one, more string, key func(i int) (name, status string, known bool)) error {
	first, unknown := "", 0
	for i := range n {
		name, status, known := key(i)
		if known {
			continue
		}
		if unknown++; unknown == 1 {
			first = fmt.Sprintf("%s %s: %s", one, name, status)
		}
	}
	switch unknown {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s", first)
	}
	return fmt.Errorf("%s (and %d more of %d %s)", first, unknown-1, n, more)
}
