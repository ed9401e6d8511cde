package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/tools/internal/render"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// cleanReport is what `netipc clean -o json` prints.
type cleanReport struct {
	RunDir  string    `json:"run_dir"`
	DryRun  bool      `json:"dry_run"`
	Removed []removed `json:"removed"`
}

type removed struct {
	Service string `json:"service"`
	Path    string `json:"path"`
	What    string `json:"what"`
}

func newClean(a *app) *cobra.Command {
	var format string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove what killed servers have left in the run directory",
		Long: `clean removes from the run directory what dead servers have left there: sockets that
nobody serves, unfinished ones, shared memory, and locks of the dead. It says what,
and why. What anybody alive has stays, and so does what is not ours.

A starting server removes what its predecessor left by itself; clean is for services
that will not start again.`,
		Example: `  netipc clean --dry-run
  netipc clean`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: runs(func(context.Context, *cobra.Command, []string) error {
			return a.clean(format, dryRun)
		}),
	}
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "only say what would be removed")
	addOutput(cmd, &format, "text", "json")
	return cmd
}

func (a *app) clean(format string, dryRun bool) error {
	runDir, err := a.resolveRunDir()
	if err != nil {
		return err
	}
	gone, failed := posix.Clean(runDir, dryRun)
	switch {
	case errors.Is(failed, fs.ErrNotExist) && len(gone) == 0:
		failed = nil
	case errors.Is(failed, errors.ErrUnsupported):
		return unavailable(failed)
	}
	r := cleanReport{RunDir: runDir, DryRun: dryRun, Removed: []removed{}}
	for _, g := range gone {
		r.Removed = append(r.Removed, removed(g))
	}
	if err := a.writeClean(r, format, failed == nil); err != nil {
		return err
	}
	return badRunDir(failed)
}

// writeClean writes the report. complete says that nothing stayed that should have gone.
func (a *app) writeClean(r cleanReport, format string, complete bool) error {
	if format == "json" {
		return render.JSON(a.out, r)
	}
	verb := "removed"
	if r.DryRun {
		verb = "would remove"
	}
	for _, g := range r.Removed {
		if _, err := fmt.Fprintf(a.out, "%s %s: %s\n", verb, render.Escape(g.Path), g.What); err != nil {
			return err
		}
	}
	if len(r.Removed) == 0 && complete {
		_, err := fmt.Fprintf(a.out, "nothing to remove in %s\n", render.Escape(r.RunDir))
		return err
	}
	return nil
}
