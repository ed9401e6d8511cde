package cli_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/tools/internal/cli"
)

// asCommand is the environment variable with which the test binary is netipc.
const asCommand = "NETIPC_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Main())
	}
	for _, name := range []string{"NETIPC_RUN_DIR", "NETIPC_AUTH_TOKEN", "NO_COLOR", "SOURCE_DATE_EPOCH"} {
		os.Unsetenv(name)
	}
	linktest.Main(m)
}

// stuck is after what time a test gives up waiting. It bounds no test that goes well.
const stuck = 2 * time.Minute

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-golden +got), -update writes it anew:\n%s", path, diff)
	}
}

// result is what a command did.
type result struct {
	status   int
	out, err string
}

// run runs a command in this process.
func run(t *testing.T, args ...string) result {
	t.Helper()
	return runWith(t, t.Context(), "", args...)
}

func runWith(t *testing.T, ctx context.Context, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	status := cli.Run(ctx, args, cli.Streams{In: strings.NewReader(in), Out: &out, Err: &errs})
	return result{status, out.String(), errs.String()}
}

// expect fails unless the status is the wanted one and standard error holds each of the texts.
func (r result) expect(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d; standard error:\n%s", r.status, status, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.err, text) {
			t.Errorf("%q is not in standard error:\n%s", text, r.err)
		}
	}
}

// collected is what a command that runs has written so far.
type collected struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed and replaced with every write
}

func newCollected() *collected { return &collected{more: make(chan struct{})} }

func (c *collected) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(b)
	close(c.more)
	c.more = make(chan struct{})
	return len(b), nil
}

func (c *collected) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// await waits until what was written from offset on is as found says, and returns how much there was by then.
func (c *collected) await(t *testing.T, what string, offset int, found func(text string) bool) int {
	t.Helper()
	watchdog := time.NewTimer(stuck)
	defer watchdog.Stop()
	for {
		c.mu.Lock()
		text, more := c.text.String(), c.more
		c.mu.Unlock()
		if found(text[offset:]) {
			return len(text)
		}
		select {
		case <-more:
		case <-watchdog.C:
			t.Fatalf("waited in vain for %s; there is:\n%s", what, text)
		}
	}
}

// awaitText waits for a text.
func (c *collected) awaitText(t *testing.T, offset int, text string) int {
	t.Helper()
	return c.await(t, text, offset, func(s string) bool { return strings.Contains(s, text) })
}

// running is a command that runs in this process.
type running struct {
	out, err *collected
	cancel   context.CancelFunc // Ctrl-C
	status   chan int
}

// launch starts a command in this process, and sees to it that it ends.
func launch(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{newCollected(), newCollected(), cancel, make(chan int, 1)}
	go func() { r.status <- cli.Run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: r.out, Err: r.err}) }()
	t.Cleanup(func() {
		cancel()
		r.status <- linktest.Await(t, "the end of netipc "+strings.Join(args, " "), r.status)
	})
	return r
}

// interrupt presses Ctrl-C and returns the status.
func (r *running) interrupt(t *testing.T) int {
	t.Helper()
	r.cancel()
	status := linktest.Await(t, "the end after Ctrl-C", r.status)
	r.status <- status
	return status
}

// serve launches a provider in runDir and waits until it serves.
func serve(t *testing.T, runDir string) *running {
	t.Helper()
	needCgroups(t)
	r := launch(t, "serve", "--run-dir", runDir)
	r.err.awaitText(t, 0, "msg=serving")
	return r
}

// tempDir returns a directory whose path is short enough for sockets.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "netipc-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// names lists a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
