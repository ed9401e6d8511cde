package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// addOutput adds -o, whose first word is the default. Its value is judged before the command runs.
func addOutput(cmd *cobra.Command, to *string, words ...string) {
	cmd.Flags().StringVarP(to, "output", "o", words[0], "how to write it: "+list(words))
	completeWords(cmd, "output", words...)
	check := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := oneOf("output", *to, words); err != nil || check == nil {
			return err
		}
		return check(cmd, args)
	}
}

func oneOf[T ~string](flag string, value T, words []T) error {
	if slices.Contains(words, value) {
		return nil
	}
	return usagef("--%s %q: one of %s", flag, value, list(words))
}

func list[T ~string](words []T) string {
	return strings.Join(strs(words), ", ")
}

// completeWords completes the value of a flag.
func completeWords[T ~string](cmd *cobra.Command, flag string, words ...T) {
	all := make([]cobra.Completion, len(words))
	for i, w := range words {
		all[i] = cobra.Completion(w)
	}
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp))
}

func strs[T ~string](words []T) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return all
}
