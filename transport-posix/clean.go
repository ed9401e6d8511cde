package posix

import (
	"context"
	"errors"
	"os"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Removed is one thing that Clean has removed, or would have.
type Removed struct {
	Service string
	Path    string
	What    string // "stale socket", "unfinished socket", "lock file of a dead server", "shared memory of a dead server", "no shared memory"
}

// Clean removes from a run directory what dead servers of ours left there: sockets that nobody serves,
// unfinished ones, regions of shared memory, and free lock files. It looks again at each under the service's lock, as a starting server
// does, and leaves alone what anybody alive has or whose state it cannot tell. With dryRun it removes nothing
// and returns what it would remove. The error joins what could not be removed; the rest was.
func Clean(runDir string, dryRun bool) ([]Removed, error) {
	all, err := Inspect(runDir)
	if err != nil {
		return nil, err
	}
	var removed []Removed
	var failed []error
	for _, e := range all {
		due := e.rubbish()
		if dryRun || len(due) == 0 {
			removed = append(removed, due...)
			continue
		}
		gone, err := e.clean(runDir, due)
		removed = append(removed, gone...)
		failed = append(failed, link.NewOpError("clean", e.Socket, err))
	}
	return removed, errors.Join(failed...)
}

// rubbish returns what a dead server left.
func (e Endpoint) rubbish() (due []Removed) {
	for _, path := range e.Leftovers {
		due = append(due, Removed{e.Service, path, "unfinished socket"})
	}
	if e.State == StateStale && e.Lock != LockHeld {
		due = append(due, Removed{e.Service, e.Socket, "stale socket"})
	}
	if e.Lock != LockHeld { // else its server has removed what was there when it started
		for _, r := range e.Regions {
			if r.removable(e.State == StateAlive) {
				due = append(due, Removed{e.Service, r.Path, regionNames[r.State]})
			}
		}
	}
	if e.Lock == LockFree {
		if p, err := LockPath(dirOf(e), e.Service); err == nil {
			due = append(due, Removed{e.Service, p, "lock file of a dead server"})
		}
	}
	return due
}

var regionNames = map[RegionState]string{RegionStale: "shared memory of a dead server", RegionJunk: "no shared memory"}

// dirOf returns the run directory as it was given.
func dirOf(e Endpoint) string {
	return e.Socket[:len(e.Socket)-len("/"+e.Service+socketEnding)]
}

// clean removes what is due, and returns that which is gone.
func (e Endpoint) clean(runDir string, due []Removed) (gone []Removed, err error) {
	p, err := newPlace(Config{runDir, e.Service})
	if err != nil {
		return nil, err
	}
	p.lock, err = takeLock(p.lockPath)
	if errors.Is(err, errLocked) {
		return nil, nil // it is alive, after all
	}
	if err != nil {
		return nil, err
	}
	err = errors.Join(ifAlive(removeLeftover(p.temp)), ifAlive(removeLeftover(p.aside)))
	if e.State == StateStale {
		err = errors.Join(err, ifAlive(vacate(context.Background(), p.socket, p.aside)))
	}
	served := probe(p.socket).alive()
	for _, r := range e.Regions {
		err = errors.Join(err, cleanRegion(r, served))
	}
	err = errors.Join(err, p.unlock())
	for _, r := range due {
		if _, there := os.Lstat(r.Path); errors.Is(there, os.ErrNotExist) {
			gone = append(gone, r)
		}
	}
	return gone, err
}

// ifAlive drops the error that says that something is alive: it is no failure to leave that alone.
func ifAlive(err error) error {
	if errors.Is(err, link.ErrAddrInUse) {
		return nil
	}
	return err
}
