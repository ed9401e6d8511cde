package posix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// soak returns how many rounds to go: few, or with NETIPC_SOAK=1 many.
func soak(few, many int) int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return many
	}
	return few
}

// attempt is one server that starts. It returns what ends it again, or nil if it has lost.
func attempt(cfg Config, asDeployed bool) (end func() error, err error) {
	if asDeployed {
		fd, err := bindDeployed(cfg.socket())
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if err := sys.Listen(fd, 5); err != nil {
			return nil, err
		}
		return func() error { return errors.Join(os.Remove(cfg.socket()), sys.Close(fd)) }, nil
	}
	l, err := Listen(context.Background(), ListenConfig{Config: cfg})
	if errors.Is(err, link.ErrAddrInUse) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.Close, nil
}

const racers = 20

// Of servers that start at once exactly one wins, whatever lies there, and if some know of no lock.
func TestStartAtOnce(t *testing.T) {
	dir := runDir(t)
	for round := range soak(50, 500) {
		cfg := Config{RunDir: dir, Service: "r" + strconv.Itoa(round)}
		if round%2 == 1 {
			stale(t, cfg.socket())
		}
		var ends [racers]func() error
		var ready, done sync.WaitGroup
		ready.Add(racers)
		for i := range racers {
			done.Go(func() {
				ready.Done()
				ready.Wait()
				end, err := attempt(cfg, round%4 >= 2 && i%5 == 0)
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				ends[i] = end
			})
		}
		done.Wait()
		wantOneWinner(t, round, cfg, ends[:])
	}
	wantFiles(t, dir)
}

func wantOneWinner(t *testing.T, round int, cfg Config, ends []func() error) {
	t.Helper()
	wantAlive(t, cfg.socket())
	winners := 0
	for _, end := range ends {
		if end != nil {
			winners++
			if err := end(); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
	}
	if winners != 1 {
		t.Fatalf("round %d: %d winners", round, winners)
	}
}

// raceRole starts a server each time it is told to, and says how that went.
func raceRole() {
	for {
		dir, rest, _ := strings.Cut(proctest.Hear(), " ")
		service, how, _ := strings.Cut(rest, " ")
		end, err := attempt(Config{RunDir: dir, Service: service}, how == "deployed")
		switch {
		case err != nil:
			proctest.Fail(err)
		case end == nil:
			proctest.Say("lost")
		default:
			proctest.Say("won")
		}
		if proctest.Hear(); end != nil {
			if err := end(); err != nil {
				proctest.Fail(err)
			}
		}
		proctest.Say("over")
	}
}

// The same with a process for each.
func TestStartAtOnceProcesses(t *testing.T) {
	dir := runDir(t)
	var all []*proctest.Process
	for range racers {
		all = append(all, proctest.Start(t, "race"))
	}
	for round := range soak(50, 500) {
		cfg := Config{RunDir: dir, Service: "r" + strconv.Itoa(round)}
		if round%2 == 1 {
			stale(t, cfg.socket())
		}
		for i, p := range all {
			how := "ours"
			if round%4 >= 2 && i%5 == 0 {
				how = "deployed"
			}
			p.Tell(fmt.Sprintf("%s %s %s", dir, cfg.Service, how))
		}
		winners := 0
		for _, p := range all {
			if p.Next() == "won" {
				winners++
			}
		}
		if winners != 1 {
			t.Fatalf("round %d: %d winners", round, winners)
		}
		wantAlive(t, cfg.socket())
		for _, p := range all {
			p.Tell("end")
			p.Await("over")
		}
	}
	for _, p := range all {
		p.Wait()
	}
	wantFiles(t, dir)
}
