package posix

import (
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// A thousand sessions that wait cost goroutines, not threads.
func TestIdleSessionsNeedNoThreads(t *testing.T) {
	const sessions = 1000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*sessions+100 {
		t.Skipf("too few descriptors: %d, %v", limit.Cur, err)
	}
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	waiting := make(chan link.Conn, sessions)
	go serve(l, func(c link.Conn) { waiting <- c })
	before, _ := strconv.Atoi(status(t, os.Getpid(), "Threads"))
	var clients []link.Conn
	for range sessions {
		clients = append(clients, dialed(t, cfg))
	}
	for range sessions {
		linktest.Await(t, "a session", waiting)
	}
	got := make(chan error, sessions)
	for i, c := range clients {
		go func() { got <- call(c, uint64(i), "x", new(link.Message), patience()) }()
	}
	for range sessions {
		if err := linktest.Await(t, "an answer", got); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := strconv.Atoi(status(t, os.Getpid(), "Threads"))
	t.Logf("threads: %d before, %d with %d sessions", before, after, sessions)
	if after > before+100 {
		t.Errorf("%d threads with %d idle sessions, %d without", after, sessions, before)
	}
}
