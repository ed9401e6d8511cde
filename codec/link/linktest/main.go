package linktest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Main is a TestMain that fails when the tests have passed but left something behind: goroutines, and on Linux
// file descriptors and shared mappings of files. It prints what leaked and, as far as the system tells, where
// it was made. What was there before the first test does not count, and what is about to go is waited for.
//
//	func TestMain(m *testing.M) { linktest.Main(m) }
func Main(m *testing.M) {
	before := takeStock()
	code := m.Run()
	if code == 0 && !fuzzing() {
		if left := leaks(before, leakPatience); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "FAIL: the tests passed and left behind:\n\n%s\n", strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// leakPatience is how long things may take to go once the last test is over.
var leakPatience = 5 * time.Second

// fuzzing reports whether this process looks for fuzz inputs or is a worker of one that does: package testing
// then has pipes and mappings of its own.
func fuzzing() bool {
	fuzz, worker := flag.Lookup("test.fuzz"), flag.Lookup("test.fuzzworker")
	return fuzz != nil && fuzz.Value.String() != "" || worker != nil && worker.Value.String() == "true"
}

// stock is what a process holds, each thing by a name that tells it from others of its kind.
type stock struct {
	goroutines, descriptors, mappings map[string]string // to what is known of it
}

func takeStock() stock {
	startPoller()
	return stock{goroutines(), descriptors(), mappings()}
}

// startPoller makes the runtime open the descriptors that its network poller keeps for ever.
func startPoller() {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
}

// leaks returns what is there and was not before, as text, as soon as that is nothing or else when time is up.
func leaks(before stock, patience time.Duration) []string {
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		after := takeStock()
		left := more("goroutine", before.goroutines, after.goroutines)
		left = append(left, more("file descriptor", before.descriptors, after.descriptors)...)
		left = append(left, more("shared mapping", before.mappings, after.mappings)...)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-watchdog.C:
			return left
		}
	}
}

// more describes what is in after and not in before.
func more(kind string, before, after map[string]string) (left []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		what := after[name]
		if was, ok := before[name]; !ok || was != what && kind != "goroutine" {
			left = append(left, fmt.Sprintf("%s %s: %s", kind, name, what))
		}
	}
	return left
}
