// Package peer runs the other side of a measurement in a process of its own: the running program itself, started
// once more with a role in its environment. That works for tests too, if TestMain calls Main.
package peer

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

const variable = "NETIPC_BENCH_ROLE"

// Grace is how long a role may take to end once it is told to; then it is killed.
const Grace = 30 * time.Second

// FirstFile is the descriptor of the first file that Start hands over, in the other process.
const FirstFile = 3

// Role is what the other process does. It may run until it is killed: the process ends when its standard input
// does, which is when Stop is called or the starting process is gone.
type Role func() error

// Main becomes the other process if this process was started as one, and then does not return. Call it first in
// main and in TestMain.
func Main(roles map[string]Role) {
	name, ok := os.LookupEnv(variable)
	if !ok {
		return
	}
	role, ok := roles[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "peer: no role %q\n", name)
		os.Exit(2)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err := role(); err != nil {
		fmt.Fprintf(os.Stderr, "peer: role %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Process is a started role.
type Process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{}
	err   error // of Wait; read after done is closed
}

// Start starts this program as the role, with the files as descriptors from FirstFile on. The files stay the
// caller's to close. Windows cannot hand over files.
func Start(role string, files ...*os.File) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), variable+"="+role,
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // under the race detector each exit would take a second
	cmd.ExtraFiles = files
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID returns the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Gone reports whether the process has ended, without waiting.
func (p *Process) Gone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// End tells the process to end and does not wait.
func (p *Process) End() { _ = p.stdin.Close() }

// Stop ends the process and waits until it is gone. It returns the processor time that it has used, and an error
// if it had failed before, or had to be killed. A second Stop returns the same.
func (p *Process) Stop() (cpu time.Duration, err error) {
	p.End()
	grace := time.NewTimer(Grace)
	defer grace.Stop()
	select {
	case <-p.done:
		err = p.err
	case <-grace.C:
		_ = p.cmd.Process.Kill()
		<-p.done
		err = fmt.Errorf("process %d did not end within %v and was killed", p.cmd.Process.Pid, Grace)
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(), err
}
