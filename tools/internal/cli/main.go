package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs the netipc command of this process and returns its exit status.
func Main() int {
	// Whoever reads our output may leave. By default that would kill us before we have cleaned up; now writing
	// fails instead.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := interruptible(context.Background())
	defer stop()
	return Run(ctx, os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr})
}

// interruptible returns a context that ends with the first signal that asks the process to end. The second one
// kills it. A hangup that nohup has switched off stays off. An interrupt does not: shells switch that off for
// what scripts put into the background, and a provider there is to end in good order too.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	heed := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		heed = append(heed, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(parent, heed...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Run runs one command and returns its exit status. The end of ctx is what Ctrl-C is.
func Run(ctx context.Context, args []string, s Streams) int {
	a := &app{in: s.In, out: &output{w: s.Out}, err: s.Err}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exitStatus(cmd, err)
}
