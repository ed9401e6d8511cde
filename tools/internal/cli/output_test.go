package cli_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/tools/internal/cli"
)

// fullDisk takes nothing.
type fullDisk struct{ n int }

func (f *fullDisk) Write([]byte) (int, error) {
	f.n++
	return 0, errors.New("no space left on device")
}

// every command that writes, with arguments with which it succeeds.
func writing(t *testing.T) [][]string {
	dir := tempDir(t)
	return [][]string{
		{"help"}, {"--version"}, {"--help"}, {"get", "cgroups", "--help"}, {"completion", "bash"},
		{"decode", "--as", "increment-request", "2a00000000000000"},
		{"decode", "-o", "json", "--as", "increment-request", "2a00000000000000"},
		{"--run-dir", dir, "status"}, {"--run-dir", dir, "status", "-o", "json"},
		{"--run-dir", dir, "clean"}, {"--run-dir", dir, "clean", "-o", "json"},
	}
}

// hostWriting are those that ask the host.
func hostWriting(t *testing.T) [][]string {
	dir := tempDir(t)
	all := [][]string{}
	for _, format := range []string{"table", "json", "ndjson", "csv"} {
		all = append(all,
			[]string{"--run-dir", dir, "get", "cgroups", "-o", format},
			[]string{"--run-dir", dir, "lookup", "cgroup", "/x", "-o", format},
			[]string{"--run-dir", dir, "lookup", "pid", "--all", "-o", format},
			[]string{"--run-dir", dir, "get", "cgroups", "-o", format, "--watch", "1ms"})
	}
	return all
}

func TestOutputFull(t *testing.T) {
	check := func(args []string) {
		var errs strings.Builder
		disk := &fullDisk{}
		status := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: disk, Err: &errs})
		if status != 1 || !strings.Contains(errs.String(), "netipc: cannot write standard output: no space left on device") {
			t.Errorf("netipc %v: status %d, %s", args, status, errs.String())
		}
		if disk.n != 1 {
			t.Errorf("netipc %v: went on writing: %d times", args, disk.n)
		}
	}
	for _, args := range writing(t) {
		check(args)
	}
	needCgroups(t)
	for _, args := range hostWriting(t) {
		check(args)
	}
}

// A reader that has left is no reason to complain, but one to stop, and not to succeed.
func TestOutputGone(t *testing.T) {
	check := func(args []string) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		defer w.Close()
		var errs strings.Builder
		status := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: w, Err: &errs})
		if status != 1 || strings.Contains(errs.String(), "netipc:") {
			t.Errorf("netipc %v: status %d, %s", args, status, errs.String())
		}
	}
	for _, args := range writing(t) {
		check(args)
	}
	needCgroups(t)
	for _, args := range hostWriting(t) {
		check(args)
	}
}

// What nobody can read harms nobody.
func TestErrorsFull(t *testing.T) {
	status := cli.Run(t.Context(), []string{"--frob"}, cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: &fullDisk{}})
	if status != 2 {
		t.Errorf("status %d", status)
	}
}
