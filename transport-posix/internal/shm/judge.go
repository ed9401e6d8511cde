package shm

import "os"

// State is the verdict about what stands at the path of a region.
type State uint8

// The states.
const (
	Absent  State = iota // nothing is there
	Live                 // its owner lives: it is kept
	Stale                // its owner is dead
	Junk                 // nobody can attach to it: too short, no magic, not a regular file
	Unknown              // it could not be looked at: it is kept
)

var stateNames = [...]string{"absent", "live", "stale", "junk", "unknown"}

// String returns the state in one word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Lock says what trying the lock of a region's file found. Servers of ours hold it as long as they live, deployed
// ones have none.
type Lock uint8

// The states of a lock.
const (
	LockUntried Lock = iota // there was no file to try it on, or the system would not say
	LockFree
	LockHeld
)

// Found is what Inspect has found out about a path.
type Found struct {
	State
	Header             // as far as the magic is right, whatever it says; zero otherwise
	Lock   Lock        // of the file
	UID    uint32      // who owns the file
	Size   uint64      // bytes of the file
	Err    error       // why it is Junk or Unknown
	File   os.FileInfo // what was looked at; nil if nothing was
}

// Removable reports whether it is what a dead server left.
func (f Found) Removable() bool { return f.State == Stale || f.State == Junk }

// judge decides about a region whose header has the right magic (spec 03, "Stale regions"). self is the pid of
// this process, alive tells whether a process lives.
//
// A lock that is held proves that the owner lives, whatever its pid is where it runs. A free one proves nothing about
// a foreign pid, which may be a deployed server's. About our own pid it does: what this process made it has locked,
// so this was made by somebody who had the pid before.
func judge(h Header, lock Lock, self int, alive func(pid int) bool) State {
	switch pid := int(h.OwnerPID); {
	case lock == LockHeld:
		return Live
	case pid <= 0, pid == self, h.OwnerGeneration == 0, !alive(pid):
		return Stale
	}
	return Live
}
