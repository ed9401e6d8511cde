package posix

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/shm"
)

// State says what connecting to a socket found.
type State string

// The states of an Endpoint.
const (
	StateAbsent  State = "absent"  // there is no socket
	StateStale   State = "stale"   // nobody serves it
	StateAlive   State = "alive"   // a server has it
	StateForeign State = "foreign" // it is a live socket of another type, or no socket at all
	StateUnclear State = "unclear" // this process may not connect, or could not try
)

var states = map[finding]State{absent: StateAbsent, dead: StateStale, serving: StateAlive, foreign: StateForeign, unclear: StateUnclear}

// Endpoint is what stands in a run directory under the name of one service.
type Endpoint struct {
	Service   string
	Socket    string    // path, whether it exists or not
	State     State     // of the socket
	Owner     link.Peer // who serves, where the system tells
	Lock      LockState
	LockPID   int      // who has the lock, or had it; 0 if unknown
	Leftovers []string // paths of unfinished sockets that a killed server left
	Regions   []Region // shared memory of sessions, by session id; only Linux has it
}

// Inspect lists the services that something stands for in a run directory, sorted by name. It connects to each
// socket, which the server there sees as a client that leaves without a word. It changes nothing.
func Inspect(runDir string) ([]Endpoint, error) {
	entries, err := os.ReadDir(runDir)
	if err != nil {
		return nil, link.NewOpError("inspect", runDir, err)
	}
	services, regions := map[string]bool{}, map[string][]Region{}
	for _, e := range entries {
		if service, r, ok := regionOf(runDir, e.Name()); ok {
			services[service], regions[service] = true, append(regions[service], r)
		} else if service, ok := serviceOf(runDir, e); ok {
			services[service] = true
		}
	}
	var all []Endpoint
	for service := range services {
		p, err := newPlace(Config{runDir, service})
		if err != nil {
			continue // nobody could have bound it; not ours
		}
		e := p.inspect(service)
		e.Regions = regions[service]
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Endpoint) int { return strings.Compare(a.Service, b.Service) })
	return all, nil
}

// serviceOf returns the service that a file stands for, if it is one of ours.
func serviceOf(runDir string, e fs.DirEntry) (string, bool) {
	ending := filepath.Ext(e.Name())
	service := strings.TrimSuffix(e.Name(), ending)
	switch ending {
	case socketEnding, tempEnding, asideEnding:
		return service, e.Type()&fs.ModeSocket != 0 && link.CheckServiceName(service) == nil
	case lockEnding:
		if link.CheckServiceName(service) != nil {
			return "", false
		}
		lock, _ := lockState(runDir + "/" + e.Name())
		return service, lock == LockFree || lock == LockHeld
	}
	return "", false
}

// regionOf looks at a file that has the name of a region, if there is such.
func regionOf(runDir, name string) (service string, r Region, ok bool) {
	service, session, ok := shm.ParseName(name)
	if !ok || link.CheckServiceName(service) != nil {
		return "", Region{}, false
	}
	r, ok = inspectRegion(runDir, service, session)
	return service, r, ok
}

func (p *place) inspect(service string) Endpoint {
	e := Endpoint{Service: service, Socket: p.socket}
	e.Lock, e.LockPID = lockState(p.lockPath) // first: who starts or ends meanwhile has it
	if e.Lock != LockHeld {
		for _, name := range []string{p.temp, p.aside} {
			if there, err := os.Lstat(name); err == nil && there.Mode()&fs.ModeSocket != 0 {
				e.Leftovers = append(e.Leftovers, name)
			}
		}
	}
	found := probe(p.socket)
	e.State, e.Owner = states[found.finding], found.peer
	if there, err := os.Lstat(p.socket); e.State == StateStale && err == nil && there.Mode()&fs.ModeSocket == 0 {
		e.State = StateForeign
	}
	return e
}
