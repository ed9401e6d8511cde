//go:build unix

package cli_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// process is a command that runs in a process of its own.
type process struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	out, err *collected
	ended    chan struct{} // closed once it has been waited for
}

// spawn starts a command in a process of its own, with its standard input open, and sees to it that it ends.
func spawn(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: netipc(args...), out: newCollected(), err: newCollected(), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		p.wait(t)
	})
	return p
}

// netipc is a command in a process of its own that has not started.
func netipc(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	return cmd
}

// signal sends a signal.
func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wait waits for its end and returns its exit status, -1 if a signal has killed it.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	linktest.Await(t, "the end of netipc "+strings.Join(p.cmd.Args[1:], " "), p.ended)
	p.in.Close()
	return p.cmd.ProcessState.ExitCode()
}

// interrupt presses Ctrl-C and returns the exit status.
func (p *process) interrupt(t *testing.T) int {
	t.Helper()
	p.signal(t, syscall.SIGINT)
	return p.wait(t)
}

// kill is kill -9.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	p.wait(t)
}

// spawnProvider starts a provider in runDir and waits until it serves.
func spawnProvider(t *testing.T, runDir string, flags ...string) *process {
	t.Helper()
	needCgroups(t)
	p := spawn(t, append([]string{"serve", "--run-dir", runDir}, flags...)...)
	p.err.awaitText(t, 0, "msg=serving")
	return p
}
