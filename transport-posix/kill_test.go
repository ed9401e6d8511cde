package posix

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

func init() {
	roles["serve"] = serveRole
	roles["start"] = startRole
	roles["race"] = raceRole
}

// serveRole serves echoes until it is killed.
func serveRole() {
	cfg := Config{RunDir: proctest.Args()[0], Service: proctest.Args()[1]}
	l, err := Listen(context.Background(), ListenConfig{Config: cfg})
	if err != nil {
		proctest.Fail(err)
	}
	go serve(l, nil)
	proctest.Say("serving")
	proctest.Hear()
	if err := l.Close(); err != nil {
		proctest.Fail(err)
	}
}

func TestTwoProcesses(t *testing.T) {
	cfg := fresh(t)
	p := proctest.Start(t, "serve", cfg.RunDir, cfg.Service)
	p.Await("serving")
	c := dialed(t, cfg)
	wantEcho(t, c)
	peer := c.Info().Peer
	if !peer.Known || peer.UID != uint32(os.Getuid()) || peer.PID != 0 && peer.PID != p.PID() {
		t.Errorf("the server is said to be %+v, it is %d", peer, p.PID())
	}
	p.Tell("end")
	p.Wait()
	wantFiles(t, cfg.RunDir)
	if err := c.Recv(new(link.Message), patience()); !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
		t.Errorf("after the server's end: %v", err)
	}
}

// A killed server leaves its socket and a free lock; the next one starts as if nothing had been.
func TestKilledServer(t *testing.T) {
	cfg := fresh(t)
	for range 3 {
		p := proctest.Start(t, "serve", cfg.RunDir, cfg.Service)
		p.Await("serving")
		wantInUse(t, cfg)
		c := dialed(t, cfg)
		wantEcho(t, c)
		received := make(chan error, 1)
		go func() { received <- c.Recv(new(link.Message), patience()) }()
		p.Kill9()
		if err := linktest.Await(t, "Recv", received); !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
			t.Errorf("after the kill: %v", err)
		}
		wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
		if _, err := dialing(t, cfg).Dial(t.Context(), link.Proposal{}); !errors.Is(err, link.ErrNotFound) {
			t.Errorf("dial: %v", err)
		}
	}
	l := listening(t, ListenConfig{Config: cfg})
	go serve(l, nil)
	wantEcho(t, dialed(t, cfg))
	l.Close()
	wantFiles(t, cfg.RunDir)
}

// startRole starts a server, and stays where it is told to be killed.
func startRole() {
	steps, err := strconv.Atoi(proctest.Args()[2])
	if err != nil {
		proctest.Fail(err)
	}
	p, err := newPlace(Config{RunDir: proctest.Args()[0], Service: proctest.Args()[1]})
	if err != nil {
		proctest.Fail(err)
	}
	ctx := context.Background()
	for _, step := range []func() error{
		func() error { return p.take(ctx) },
		func() error { return p.bind(0o600) },
		func() error { return os.Link(p.temp, p.socket) }, // publish where there is no renameat2, half done
		func() error { return os.Remove(p.temp) },
		func() error { return os.Rename(p.socket, p.aside) }, // a successor's removal, half done
	}[:steps] {
		if err := step(); err != nil {
			proctest.Fail(err)
		}
	}
	proctest.Say("there")
	proctest.Hear()
}

// A server that is killed at any step of its start is no hindrance to the next, and its leftovers go.
func TestKilledWhileStarting(t *testing.T) {
	for steps, left := range [][]string{
		1: {"svc.lock"},
		2: {"svc.lock", "svc.tmp"},
		3: {"svc.lock", "svc.sock", "svc.tmp"},
		4: {"svc.lock", "svc.sock"},
		5: {"svc.lock", "svc.old"},
	} {
		if steps == 0 {
			continue
		}
		t.Run(strconv.Itoa(steps), func(t *testing.T) {
			cfg := fresh(t)
			p := proctest.Start(t, "start", cfg.RunDir, cfg.Service, strconv.Itoa(steps))
			p.Await("there")
			wantInUse(t, cfg) // its lock
			p.Kill9()
			wantFiles(t, cfg.RunDir, left...)
			l := listening(t, ListenConfig{Config: cfg})
			wantAlive(t, cfg.socket())
			l.Close()
			wantFiles(t, cfg.RunDir)
		})
	}
}
