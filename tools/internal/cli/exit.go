package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// Exit statuses.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitUnavailable = 3 // nobody answers, or not on this system
)

// failure is what a command returns that was called rightly. All other errors are of cobra: wrong usage.
type failure struct {
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// unavailable makes err one with exit status 3.
func unavailable(err error) error { return &failure{exitUnavailable, err} }

// usageError is wrong usage that only a command itself can see.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// silent is a failure whose reason has been said.
var silent = &failure{exitFailure, errors.New("")}

// errInterrupted is how a command ends that Ctrl-C has ended before it had anything to say.
var errInterrupted = errors.New("interrupted")

// runs makes f the body of a command: what it returns is a failure, except wrong usage.
func runs(f func(ctx context.Context, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd.Context(), cmd, args)
		var u *usageError
		var fail *failure
		switch {
		case err == nil, errors.As(err, &u), errors.As(err, &fail):
			return err
		case cmd.Context().Err() != nil && errors.Is(err, context.Canceled):
			err = errInterrupted
		}
		return &failure{exitFailure, err}
	}
}

// exitStatus says on standard error what went wrong, and returns the exit status.
func (a *app) exitStatus(cmd *cobra.Command, err error) int {
	var lost *outputError
	if errors.As(a.out.failed(), &lost) {
		if !lost.gone() {
			a.complain(lost)
		}
		return exitFailure
	}
	var f *failure
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &f):
		if f != silent {
			a.complain(f)
		}
		return f.status
	}
	a.complain(err)
	fmt.Fprintf(a.err, "\n%s", cmd.UsageString())
	return exitUsage
}

// complain writes an error, which may quote what strangers sent, and may have several lines.
func (a *app) complain(err error) {
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	for i, line := range lines {
		lines[i] = render.Escape(strings.ReplaceAll(line, "\t", "  "))
	}
	fmt.Fprintf(a.err, "%s %s\n", style(a.err).Bad("netipc:"), strings.Join(lines, "\n"))
}
