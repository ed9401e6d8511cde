package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newGet(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get",
		Short: "Ask a provider, and show the answer",
		Args:  cobra.ArbitraryArgs,
		RunE: runs(func(_ context.Context, cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q for %q: there is cgroups", args[0], cmd.CommandPath())
			}
			return usagef("what? There is %s cgroups", cmd.CommandPath())
		}),
	}
	cmd.AddCommand(newGetCgroups(a))
	return cmd
}
