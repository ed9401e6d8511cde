package linktest

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// plant leaves something behind and returns what takes it away, and a part of what is to be said about it.
var plant = map[string]func(t *testing.T) (undo func(), want string){
	"goroutine": func(t *testing.T) (func(), string) {
		started, stop := make(chan struct{}), make(chan struct{})
		go leakingGoroutine(started, stop)
		<-started
		return func() { close(stop) }, "leakingGoroutine"
	},
	"descriptor": func(t *testing.T) (func(), string) {
		if runtime.GOOS != "linux" {
			t.Skip("descriptors are known on Linux")
		}
		f, err := os.CreateTemp("", "linktest-left-open")
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(f.Name())
		leftOpen = f
		return func() { f.Close() }, f.Name()
	},
}

func leakingGoroutine(started chan<- struct{}, stop <-chan struct{}) {
	close(started)
	<-stop
}

// leftOpen keeps a planted file from being closed by the garbage collector.
var leftOpen *os.File

func TestLeaksAreFound(t *testing.T) {
	for name, leave := range plant {
		t.Run(name, func(t *testing.T) {
			before := takeStock()
			undo, want := leave(t)
			left := leaks(before, 1)
			if len(left) != 1 || !strings.Contains(left[0], want) {
				t.Errorf("found %q, want one that contains %q", left, want)
			}
			undo()
			if left := leaks(before, stuck); len(left) != 0 {
				t.Errorf("found %q although it is gone", left)
			}
		})
	}
}

// What is about to go is waited for.
func TestLeaksAreGivenTime(t *testing.T) {
	before := takeStock()
	ctx, cancel := context.WithCancel(context.Background())
	for range 10 {
		go func() { <-ctx.Done() }()
	}
	go cancel()
	if left := leaks(before, stuck); len(left) != 0 {
		t.Errorf("found %q", left)
	}
}

// TestLeave is what TestMainFails runs in another process, whose Main is to find what it leaves.
func TestLeave(t *testing.T) {
	if leave := plant[os.Getenv("LINKTEST_LEAVE")]; leave != nil {
		leave(t)
		leakPatience = 1
	}
}

func TestMainFails(t *testing.T) {
	self, err := os.Executable()
	if err != nil || runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("cannot run itself: ", err)
	}
	for name := range plant {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "descriptor" && runtime.GOOS != "linux" {
				t.Skip("descriptors are known on Linux")
			}
			cmd := exec.Command(self, "-test.run=^TestLeave$")
			cmd.Env = append(os.Environ(), "LINKTEST_LEAVE="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "FAIL: the tests passed and left behind") {
				t.Errorf("exit %v with output %s", err, out)
			}
		})
	}
}

func TestEventually(t *testing.T) {
	n := 0
	Eventually(t, "it was asked three times", func() bool { n++; return n == 3 })
	if n != 3 {
		t.Errorf("asked %d times", n)
	}
}
