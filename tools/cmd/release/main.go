// Release tries the modules of this workspace as strangers get them.
//
//	release verify                 packs all modules, imports each from a module outside of the workspace
//	release verify -short          the modules' tests run with -short, and are vetted for one operating system
//	release verify -update         rewrites the lists of what each brings, go.mod and go.sum files
//	release verify -commit v0.1.0  what a commit holds, instead of the files as they are
//
// It needs git and Go, and a network only while the module cache lacks a third-party module.
//
// Exit status: 0, 1 if a check failed or there could be none, 2 for wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/plugin-ipc/netipc/tools/internal/release"
)

const usage = `usage: release verify [-short] [-update] [-commit COMMIT] [-keep]

verify packs every module, serves them as a module proxy on the file system, imports
each from a module outside of the workspace, runs what was built, and compares what
came along with the lists in tools/internal/release/testdata/strangers. Then it vets
and tests each module as it was packed. "release verify -h" explains the flags.
`

func main() {
	release.ForgetGit()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errs io.Writer) (status int) {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "verify":
		return verify(ctx, args[1:], out, errs)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(out, usage)
		return 0
	case "":
		fmt.Fprint(errs, usage)
	default:
		fmt.Fprintf(errs, "release: no command %q\n%s", command, usage)
	}
	return 2
}

func verify(ctx context.Context, args []string, out, errs io.Writer) (status int) {
	o := release.Options{Out: out}
	flags := flag.NewFlagSet("release verify", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.BoolVar(&o.Short, "short", false, "run the modules' tests with -short, and vet for this operating system only")
	flags.BoolVar(&o.Update, "update", false, "write lists, go.mod and go.sum files as they should be")
	flags.StringVar(&o.Commit, "commit", "", "try what `COMMIT` holds, instead of the files as they are")
	flags.BoolVar(&o.Keep, "keep", false, "leave the copy, the proxy and the strangers, for a look")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	switch {
	case flags.NArg() > 0:
		fmt.Fprintf(errs, "release verify: what is %q? It takes flags only\n", flags.Arg(0))
		return 2
	case o.Update && o.Commit != "":
		fmt.Fprintln(errs, "release verify: -update changes the files as they are, so it does not go with -commit")
		return 2
	}
	var err error
	if o.Root, err = release.FindRoot("."); err == nil {
		var c release.Counts
		c, err = release.Verify(ctx, o)
		if err == nil {
			fmt.Fprintf(out, "%d passed, %d failed\n", c.Passed, c.Failed)
			return min(c.Failed, 1)
		}
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	fmt.Fprintln(errs, "release verify:", err)
	return 1
}
