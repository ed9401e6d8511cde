//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// A provider and three consumers, of which each shows what it gets its own way. The provider is killed and
// another one started: the consumers keep their data, say how old it is, and find the new one by themselves.
func TestConsumersSurviveTheirProvider(t *testing.T) {
	dir := tempDir(t)
	provider := spawnProvider(t, dir)
	rows := "ndjson"
	if !hasCgroups(t) { // nor would there be a line
		rows = "json"
	}
	consumers := []*process{
		spawn(t, "get", "cgroups", "--run-dir", dir, "--watch", "20ms"),
		spawn(t, "get", "cgroups", "--run-dir", dir, "--watch", "20ms", "-o", rows),
		spawn(t, "get", "cgroups", "--run-dir", dir, "--watch", "20ms", "-o", "json"),
	}
	for i, c := range consumers {
		c.out.awaitText(t, 0, ageMark[i])
	}

	for round := range 3 {
		provider.kill(t)
		want := []string{"apps-lookup.lock", "apps-lookup.sock", "cgroups-lookup.lock", "cgroups-lookup.sock", "cgroups-snapshot.lock", "cgroups-snapshot.sock"}
		if left := names(t, dir); !slices.Equal(left, want) {
			t.Errorf("a killed provider leaves %q", left)
		}
		for i, c := range consumers {
			lost := c.err.await(t, "word that the provider is gone", 0, func(s string) bool {
				return strings.Count(s, "no provider at "+dir+"/cgroups-snapshot.sock: reconnecting\n") > round
			})
			if !strings.Contains(c.err.String()[:lost], "data is ") {
				t.Errorf("consumer %d does not say how old its data is:\n%s", i, c.err)
			}
			// It goes on showing what it has.
			c.out.awaitText(t, len(c.out.String()), ageMark[i])
		}
		provider = spawnProvider(t, dir)
		for i, c := range consumers {
			back := c.err.await(t, "word that the provider is back", 0, func(s string) bool {
				return strings.Count(s, "connected again to ") > round
			})
			c.out.awaitText(t, len(c.out.String()), ageMark[i])
			if rest := c.err.String()[back:]; rest != "" {
				t.Logf("consumer %d, after it was back: %s", i, rest)
			}
		}
	}

	for i, c := range consumers {
		if status := c.interrupt(t); status != 0 {
			t.Errorf("consumer %d: status %d: %s", i, status, c.err)
		}
	}
	if rows == "ndjson" {
		checkAges(t, consumers[1].out.String())
	}
	provider.signal(t, syscall.SIGTERM)
	if status := provider.wait(t); status != 0 {
		t.Errorf("status %d: %s", status, provider.err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// ageMark is what stands in each snapshot that a consumer shows.
var ageMark = []string{" s old\n", `"age_seconds":`, `"age_seconds":`}

// checkAges holds that every row of NDJSON is whole, and that each stands with the same generation and age as
// the rest of its snapshot. Rows of a snapshot stand in the order of a walk; where that begins anew, so does a
// snapshot. Which rows there are changes, because other tests make cgroups.
func checkAges(t *testing.T, text string) {
	t.Helper()
	type row struct {
		Path       string
		Generation uint64
		Age        *float64 `json:"age_seconds"`
	}
	var first row
	last := ""
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Age == nil || r.Path == "" || r.Generation == 0 {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		place := strings.ReplaceAll(r.Path, "/", "\x00")
		if place <= last {
			first = row{}
		}
		last = place
		if first.Path == "" {
			first = r
		}
		if r.Generation != first.Generation || *r.Age != *first.Age {
			t.Errorf("%s: generation %d and age %v among generation %d and age %v", r.Path, r.Generation, *r.Age, first.Generation, *first.Age)
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	if first.Path == "" {
		t.Error("no rows")
	}
}

// A consumer that comes before its provider.
func TestWatchWaitsForProvider(t *testing.T) {
	dir := tempDir(t)
	c := spawn(t, "get", "cgroups", "--run-dir", dir, "--no-embed", "--watch", "10ms", "-o", "json")
	c.err.awaitText(t, 0, "no data yet: no provider at "+dir+"/cgroups-snapshot.sock: waiting")
	if c.out.String() != "" {
		t.Errorf("data from nowhere: %s", c.out)
	}
	spawnProvider(t, dir)
	c.out.awaitText(t, 0, `"generation": 1`)
	if status := c.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, c.err)
	}
}

// A provider that hangs rather than dies.
func TestWatchHungProvider(t *testing.T) {
	dir := tempDir(t)
	provider := spawnProvider(t, dir)
	c := spawn(t, "get", "cgroups", "--run-dir", dir, "--watch", "10ms", "-o", "json")
	c.out.awaitText(t, 0, `"age_seconds"`)
	provider.signal(t, syscall.SIGSTOP)
	c.err.awaitText(t, 0, "no answer yet from "+dir+"/cgroups-snapshot.sock: waiting")
	c.out.awaitText(t, len(c.out.String()), `"age_seconds"`)
	provider.signal(t, syscall.SIGCONT)
	c.err.awaitText(t, 0, "connected again to")
	if status := c.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, c.err)
	}
}

// underNohup is asked before any test runs: whoever has been told of a signal once does not know any more that it is
// ignored, and it is again.
var underNohup = signal.Ignored(syscall.SIGHUP)

// Ctrl-C, and the other ways to be told to go, while a command runs.
func TestInterrupt(t *testing.T) {
	needCgroups(t)
	for _, c := range []struct {
		name   string
		args   []string
		ready  func(t *testing.T, p *process)
		status int
	}{
		{"serve", []string{"serve"}, func(t *testing.T, p *process) { p.err.awaitText(t, 0, "msg=serving") }, 0},
		{"get --watch", []string{"get", "cgroups", "--watch", "1ms", "-o", "csv"}, func(t *testing.T, p *process) { p.out.awaitText(t, 0, "\n") }, 0},
		{"get --watch, no provider", []string{"get", "cgroups", "--watch", "1ms", "--no-embed"}, func(t *testing.T, p *process) { p.err.awaitText(t, 0, "waiting") }, 0},
		{"ping --self", []string{"ping", "--self", "-c", "0"}, func(t *testing.T, p *process) { awaitPingProvider(t) }, 0},
		{"decode", []string{"decode"}, func(t *testing.T, p *process) { awaitReader(t, p) }, 1},
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(fmt.Sprintf("%s, %v", c.name, s), func(t *testing.T) {
				if s == syscall.SIGHUP && underNohup {
					t.Skip("these tests run under nohup, and so would netipc, which heeds that")
				}
				run, temp := tempDir(t), tempDir(t)
				t.Setenv("TMPDIR", temp)
				p := spawn(t, append(c.args, "--run-dir", run)...)
				c.ready(t, p)
				p.signal(t, s)
				if status := p.wait(t); status != c.status && c.name != "ping --self" {
					t.Errorf("status %d, want %d: %s", status, c.status, p.err)
				}
				if left := append(names(t, run), names(t, temp)...); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
				if strings.Contains(p.err.String(), "panic") || strings.Contains(p.err.String(), "goroutine ") {
					t.Errorf("standard error:\n%s", p.err)
				}
			})
		}
	}
}

// In the background of a script, where shells switch SIGINT off, it ends a command all the same; under nohup,
// which switches SIGHUP off, that does not.
func TestSignalsSwitchedOff(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		name   string
		ends   bool
	}{{syscall.SIGINT, "INT", true}, {syscall.SIGHUP, "HUP", false}} {
		cmd := exec.Command("sh", "-c", `trap "" `+c.name+`; exec "$0" get cgroups --no-embed --watch 10ms --run-dir "$1"`, os.Args[0], tempDir(t))
		cmd.Env = netipc().Env
		errs := newCollected()
		cmd.Stderr = errs
		if err := cmd.Start(); err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		said := errs.awaitText(t, 0, "waiting\n")
		if err := cmd.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		if !c.ends {
			errs.awaitText(t, said, "waiting\n")
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v: %s", c.signal, err, errs)
		}
	}
}

// awaitPingProvider waits until the socket of ping's second process is there.
func awaitPingProvider(t *testing.T) {
	t.Helper()
	poll(t, "the second process", func() bool {
		found, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*", "increment.sock"))
		return len(found) > 0
	})
}

// awaitReader waits until a command reads standard input: it has taken more than a pipe holds.
func awaitReader(t *testing.T, p *process) {
	t.Helper()
	if _, err := p.in.Write(bytes.Repeat([]byte("43"), 1<<20)); err != nil {
		t.Fatal(err)
	}
}

// When ping is killed, its second process goes too, with all that is theirs.
func TestPingKilled(t *testing.T) {
	temp := tempDir(t)
	t.Setenv("TMPDIR", temp)
	p := spawn(t, "ping", "--self", "-c", "0")
	awaitPingProvider(t)
	p.kill(t)
	poll(t, "the directory to go", func() bool { return len(names(t, temp)) == 0 })
}

// When the second process is killed, ping says so, and removes what it left.
func TestPingProviderKilled(t *testing.T) {
	temp := tempDir(t)
	t.Setenv("TMPDIR", temp)
	p := spawn(t, "ping", "--self", "-c", "0", "-o", "json")
	awaitPingProvider(t)
	all, err := posix.Inspect(filepath.Join(temp, names(t, temp)[0]))
	if err != nil || len(all) != 1 || !all[0].Owner.Known {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := syscall.Kill(all[0].Owner.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if status := p.wait(t); status == 0 {
		t.Errorf("status %d: %s%s", status, p.out, p.err)
	}
	if left := names(t, temp); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// The real standard output of a real process: a pipe whose reader leaves, and a disk that is full.
func TestRealOutput(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	spawnProvider(t, dir)
	for _, args := range [][]string{
		{"get", "cgroups"}, {"get", "cgroups", "--watch", "1m"}, {"status"}, {"decode", "--as", "increment-request", "0000000000000000"}, {"help"},
	} {
		args = append(args, "--run-dir", dir)
		t.Run("gone "+args[0], func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			cmd := netipc(args...)
			var errs strings.Builder
			cmd.Stdout, cmd.Stderr = w, &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			_ = cmd.Wait()
			if status := cmd.ProcessState.ExitCode(); status != 1 || errs.String() != "" {
				t.Errorf("status %d, %s", status, errs.String())
			}
		})
		t.Run("full "+args[0], func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skip(err)
			}
			defer full.Close()
			cmd := netipc(args...)
			var errs strings.Builder
			cmd.Stdout, cmd.Stderr = full, &errs
			_ = cmd.Run()
			if status := cmd.ProcessState.ExitCode(); status != 1 || errs.String() != "netipc: cannot write standard output: no space left on device\n" {
				t.Errorf("status %d, %s", status, errs.String())
			}
		})
	}
}

// poll waits for what nobody announces.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	watchdog := time.NewTimer(stuck)
	defer watchdog.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-watchdog.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// hasCgroups reports whether this host has any.
func hasCgroups(t *testing.T) bool {
	t.Helper()
	rows, _, err := hostcgroups.New(hostcgroups.Config{}).List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(rows) > 0
}
