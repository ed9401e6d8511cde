package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/rundir"
)

const (
	pingService = "increment"
	// pingProviderCommand is what ping --self runs a second netipc with.
	pingProviderCommand = "ping-provider"
	// pingReady is what that writes when it serves.
	pingReady = "ready\n"
)

// newPingProvider is the other process of ping --self. It lives as long as its standard input is open, which is
// as long as ping lives, however that ends; and it removes the directory that ping has made for it.
func newPingProvider(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    pingProviderCommand + " DIR",
		Short:  "Serve INCREMENT in DIR until standard input ends, then remove DIR",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: runs(func(_ context.Context, _ *cobra.Command, args []string) error {
			return a.pingProvider(args[0])
		}),
	}
}

func (a *app) pingProvider(dir string) error {
	defer os.RemoveAll(dir)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGHUP, syscall.SIGTERM)
	defer signal.Stop(signals)
	l, err := local.Listen(context.Background(), dir, pingService)
	if err != nil {
		return err
	}
	server := increment.NewServer(l, service.ServerConfig{Supported: local.Profiles, Logger: discard}, increment.Next)
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background()) }()
	if _, err := io.WriteString(a.out, pingReady); err == nil {
		a.awaitEnd(signals)
	}
	return errors.Join(server.Close(), <-served)
}

// awaitEnd waits for the end of standard input, or for SIGTERM. The other signals come from the terminal, to both
// processes, and ping has the last word about what they mean.
func (a *app) awaitEnd(signals <-chan os.Signal) {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, a.in)
		close(ended)
	}()
	for {
		select {
		case <-ended:
			return
		case s := <-signals:
			if s == syscall.SIGTERM {
				return
			}
		}
	}
}

// pingChild is the other process, seen from ping.
type pingChild struct {
	dir   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// startPingProvider starts it and waits until it serves. What it has to complain about goes to errs.
func startPingProvider(ctx context.Context, errs io.Writer) (*pingChild, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start a second netipc: %w", err)
	}
	dir, err := rundir.Private()
	if err != nil {
		return nil, fmt.Errorf("start a second netipc: %w", err)
	}
	p := &pingChild{dir: dir, cmd: exec.Command(self, pingProviderCommand, dir)}
	p.cmd.Stderr = errs
	if err := p.start(ctx); err != nil {
		p.stop()
		return nil, fmt.Errorf("start a second netipc, %s: %w", self, err)
	}
	return p, nil
}

func (p *pingChild) start(ctx context.Context) error {
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		in.Close()
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err // both pipes are closed by Start
	}
	p.stdin = in
	defer context.AfterFunc(ctx, func() { in.Close() })()
	line, err := bufio.NewReader(out).ReadString('\n')
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case line != pingReady:
		return fmt.Errorf("it does not serve: %w", err)
	}
	return nil
}

// stop ends it and waits until it has ended.
func (p *pingChild) stop() {
	if p.stdin != nil {
		p.stdin.Close()
		_ = p.cmd.Wait()
	}
	_ = os.RemoveAll(p.dir)
}
