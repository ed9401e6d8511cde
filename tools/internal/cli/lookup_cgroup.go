package cli

import (
	"context"

	"github.com/spf13/cobra"

	payload "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

func newLookupCgroup(a *app) *cobra.Command {
	var f lookupFlags
	cmd := &cobra.Command{
		Use:   "cgroup PATH...",
		Short: "Show whose cgroups these are",
		Long: `lookup cgroup asks the provider of ` + cgroupsLookupService + ` in the run directory, of
whatever make, about cgroups. If none runs there, it starts one inside itself and says
so on standard error. A PATH is one as /proc/PID/cgroup has it; our own provider also
knows the directory below /sys/fs/cgroup.

table   NAME, BY (who runs it) and PATH. In place of a name: (not known yet) worth
        asking again, also if there is no such cgroup now; (unknown for good) not
json    one object: "endpoint", "embedded", "generation", "cgroups": a list of
        objects with "path", "status", and if that is "known" "orchestrator",
        "name", "labels"
ndjson  one such object a line for each cgroup, with "generation"
csv     columns of these names

` + lookupOutput + `

Exit status: 1 if a cgroup is not known.`,
		Example: `  netipc lookup cgroup --labels /system.slice/ssh.service
  netipc lookup cgroup -o json "$(cut -d: -f3 /proc/self/cgroup | tail -1)"`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: runs(func(ctx context.Context, _ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if len(args) == 0 {
				return usagef("which? Give paths of cgroups")
			}
			for _, path := range args {
				if path == "" {
					return usagef("a path is empty")
				}
			}
			return a.lookupCgroups(ctx, &f, args)
		}),
	}
	f.add(cmd)
	return cmd
}

func (a *app) lookupCgroups(ctx context.Context, f *lookupFlags, paths []string) error {
	p, err := find(ctx, a, f, cgroupsLookupService, func(d link.Dialer, cfg service.Config) *cgrouplookup.Client {
		return cgrouplookup.NewClient(d, cgrouplookup.Config{Config: cfg, Ceilings: cgrouplookup.Ceilings{Keys: len(paths)}})
	})
	if err != nil {
		return err
	}
	defer p.close()
	var answer payload.Response
	if err := p.client.Get(ctx, paths, &answer); err != nil {
		return callError(err)
	}
	w := render.NewLookupWriter(a.out, render.Format(f.format), style(a.out), isTerminal(a.out), f.labels)
	from := render.Provider{Endpoint: p.client.Status().Endpoint, Embedded: p.embedded != nil, Generation: answer.Generation}
	if err := w.Cgroups(from, answer.Items); err != nil {
		return err
	}
	return complainUnknown(len(answer.Items), "cgroup", "cgroups", func(i int) (string, string, bool) {
		it := &answer.Items[i]
		return it.Path, render.StatusOfCgroup(it.Status), it.Status == payload.StatusKnown
	})
}
