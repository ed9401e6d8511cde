package posix

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

// A thousand sessions that share memory and wait cost neither threads nor processor time, in either process.
func TestIdleSharedMemory(t *testing.T) {
	const (
		sessions = 1000
		threads  = 50
		busy     = 50 * time.Millisecond // of processor time, in window or in 10 s
	)
	window := 2 * time.Second
	if os.Getenv("NETIPC_SOAK") == "1" {
		window = 10 * time.Second
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*sessions+100 {
		t.Skipf("too few descriptors: %d, %v", limit.Cur, err)
	}
	cfg := fresh(t)
	p := proctest.Start(t, "share", cfg.RunDir, cfg.Service)
	p.Await("serving")
	d := dialing(t, cfg)
	ended := make(chan error, sessions)
	var all []link.Conn
	for i := range sessions {
		c, err := d.Dial(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid})
		if err != nil {
			t.Fatalf("session %d: %v", i+1, err)
		}
		all = append(all, c)
		if i%100 == 0 {
			wantEcho(t, c)
		}
		go func() { ended <- c.Recv(new(link.Message), nil) }()
	}
	defer func() {
		for _, c := range all {
			c.Close()
		}
	}()
	pids := map[string]int{"client": os.Getpid(), "server": p.PID()}
	spent := map[string]time.Duration{}
	for tries := 5; tries > 0; tries-- { // what has just begun is not idle yet
		before := map[string]time.Duration{}
		for side, pid := range pids {
			before[side] = processorTime(t, pid)
		}
		if err := pause(t.Context(), window, nil); err != nil {
			t.Fatal(err)
		}
		for side, pid := range pids {
			spent[side] = processorTime(t, pid) - before[side]
		}
		if max(spent["client"], spent["server"]) < busy {
			break
		}
	}
	for side, pid := range pids {
		n, err := strconv.Atoi(status(t, pid, "Threads"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d threads, %v of processor time in %v, with %d idle sessions", side, n, spent[side], window, sessions)
		if n >= threads || spent[side] >= busy {
			t.Errorf("%s: %d threads and %v in %v, want less than %d and %v", side, n, spent[side], window, threads, busy)
		}
	}
	wantEcho(t, func() link.Conn { // they all still work: the last one that is not waited on
		c, err := d.Dial(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
		return c
	}())
	p.Kill9()
	for range sessions {
		if err := linktest.Await(t, "the end of a session", ended); !died(err) {
			t.Fatal(err)
		}
	}
}

// processorTime returns what a process has used so far.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100 wherever Go runs
}
