package shm

import (
	"errors"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// lingers reports whether nothing but a lock says that the owner lives. It may live where pids are others.
func (f Found) lingers() bool {
	return f.State == Live && f.Lock == LockHeld && f.OwnerPID > 0 && !sys.Alive(int(f.OwnerPID))
}

// Sweep removes the regions of a service that dead servers have left, and what is no region under the name of one.
// It returns the paths of what it has removed, and joins the errors of what it could not; the rest was. The caller
// sees to it that no other server of the service starts meanwhile.
//
// The lock of a process that was killed can outlive it by a moment, because the kernel takes its memory apart elsewhere
// (whoever looks at the memory keeps it). So where the owner is gone and only its lock is there, Sweep waits a little.
func Sweep(runDir, service string) (removed []string, err error) {
	return sweep(runDir, service, func() { time.Sleep(lingerPause) })
}

const (
	lingerTries = 20
	lingerPause = 5 * time.Millisecond
)

func sweep(runDir, service string, pause func()) (removed []string, err error) {
	all, err := List(runDir, service)
	if err != nil {
		return nil, err
	}
	var failed []error
	tries := lingerTries // for all of them together
	for _, session := range all {
		path := Path(runDir, service, session)
		found := Inspect(path)
		for ; tries > 0 && found.lingers(); tries-- {
			pause()
			found = Inspect(path)
		}
		if !found.Removable() {
			continue
		}
		if err := found.Remove(path); err != nil {
			failed = append(failed, err)
			continue
		}
		removed = append(removed, path)
	}
	return removed, errors.Join(failed...)
}

// List returns the sessions of a service for which something has the name of a region, in order.
func List(runDir, service string) (sessions []uint64, err error) {
	entries, err := os.ReadDir(runDir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if whose, session, ok := ParseName(e.Name()); ok && whose == service {
			sessions = append(sessions, session)
		}
	}
	return sessions, nil
}
