package linktest

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// goroutines returns the stack of each goroutine that is not the caller's, the runtime's or package testing's
// own, by the goroutine's number. The last lines of a stack say where it was started.
func goroutines() map[string]string {
	all := map[string]string{}
	for i, stack := range strings.Split(strings.TrimSpace(string(stacks())), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		name := strings.Fields(head) // goroutine 7 [running]:
		if i == 0 || len(name) < 2 || ownGoroutine(stack) {
			continue
		}
		all[name[1]] = stack
	}
	return all
}

// ownGoroutine reports whether a stack is of a goroutine that tests are not to blame for.
func ownGoroutine(stack string) bool {
	for _, of := range []string{
		"os/signal.signal_recv", "os/signal.loop", // for as long as the process lives
		"runtime/trace.Start", "runtime/pprof.profileWriter",
		"runtime.ensureSigM", "runtime.ReadTrace",
		"testing.(*M).startAlarm", "testing/internal/testdeps",
	} {
		if strings.Contains(stack, of) {
			return true
		}
	}
	return false
}

// descriptors returns what each open descriptor stands for, by its number; empty where there is no proc file
// system.
func descriptors() map[string]string {
	const dir = "/proc/self/fd"
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return all
	}
	for _, e := range entries {
		// The one that was open for reading the folder is gone by now.
		if what, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			all[e.Name()] = what + socketPath(what)
		}
	}
	return all
}

// socketPath returns the path of the Unix socket that a descriptor stands for, in parentheses, if it has one.
func socketPath(what string) string {
	inode, isSocket := strings.CutPrefix(what, "socket:[")
	if !isSocket {
		return ""
	}
	sockets, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(sockets)); lines.Scan(); {
		f := strings.Fields(lines.Text()) // num refs protocol flags type state inode path
		if len(f) >= 8 && f[6]+"]" == inode {
			return " (" + f[7] + ")"
		}
	}
	return ""
}

// mappings returns the shared mappings that have a file behind them, be it one without a name in any folder, by
// address.
func mappings() map[string]string {
	all := map[string]string{}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return all
	}
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		f := strings.Fields(lines.Text()) // address permissions offset device inode path
		if len(f) >= 6 && strings.HasSuffix(f[1], "s") && !strings.HasPrefix(f[5], "[") {
			all[f[0]] = strings.Join(f[5:], " ")
		}
	}
	return all
}
