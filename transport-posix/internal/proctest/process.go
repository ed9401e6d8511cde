package proctest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// stuck is after what time without the awaited line a test gives up. It bounds no test that goes well.
const stuck = time.Minute

// Process is a peer process. Its methods are for the test's goroutine.
type Process struct {
	tb     testing.TB
	role   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  chan string // closed when the process has closed its output
	stderr bytes.Buffer
	end    func() error // waits for the end, once
}

// Start runs the test binary again, as a process that plays a role. The end of the test kills it.
func Start(tb testing.TB, role string, args ...string) *Process {
	tb.Helper()
	binary, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	p := &Process{tb: tb, role: role, cmd: exec.Command(binary, args...), lines: make(chan string, 64)}
	// Built with the race detector, a process would rest for a second before it ends.
	p.cmd.Env = append(os.Environ(), roleEnv+"="+role, "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	p.cmd.Stderr = &p.stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	gone := make(chan struct{})
	p.end = sync.OnceValue(func() error {
		close(gone)
		for range p.lines { // read to the end before Wait closes the pipe
		}
		return p.cmd.Wait()
	})
	go p.read(stdout, gone)
	tb.Cleanup(p.Kill9)
	return p
}

// read passes lines on until the process has closed its output, or nobody wants them any more.
func (p *Process) read(from io.Reader, gone <-chan struct{}) {
	defer close(p.lines)
	for s := bufio.NewScanner(from); s.Scan(); {
		select {
		case p.lines <- s.Text():
		case <-gone:
		}
	}
}

// PID returns the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Next returns the next line that the process says.
func (p *Process) Next() string {
	p.tb.Helper()
	watchdog := time.NewTimer(stuck)
	defer watchdog.Stop()
	select {
	case line, ok := <-p.lines:
		if ok {
			return line
		}
		err := p.end()
		p.tb.Fatalf("role %s ended where a line is due: %v\n%s", p.role, err, p.stderr.Bytes())
	case <-watchdog.C:
		p.tb.Fatalf("role %s says nothing for %v", p.role, stuck)
	}
	panic("unreachable")
}

// Await waits for a line that begins with a word, passing over others, and returns what follows the word.
func (p *Process) Await(word string) string {
	p.tb.Helper()
	for {
		first, rest, _ := strings.Cut(p.Next(), " ")
		if first == word {
			return rest
		}
	}
}

// HasSaid reports whether a line waits for Next.
func (p *Process) HasSaid() bool { return len(p.lines) > 0 }

// Tell sends a line to the process.
func (p *Process) Tell(line string) {
	p.tb.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		p.tb.Fatalf("role %s hears nothing: %v", p.role, err)
	}
}

// Kill9 kills the process, which can do nothing about it, and waits until the system has taken all it had.
// Again, or after Wait, it does nothing.
func (p *Process) Kill9() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.tb.Errorf("role %s cannot be killed: %v", p.role, err)
	}
	p.end()
}

// Wait lets the process hear no more, waits for its end, and fails the test if that was not a good one.
func (p *Process) Wait() {
	p.tb.Helper()
	p.stdin.Close()
	if err := p.end(); err != nil {
		p.tb.Errorf("role %s: %v\n%s", p.role, err, p.stderr.Bytes())
	}
}
