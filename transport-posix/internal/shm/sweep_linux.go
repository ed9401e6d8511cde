package shm

import (
	"errors"
	"os"
)

// Sweep removes the regions of a service that dead servers have left, and what is no region under the name of one.
// It returns the paths of what it has removed, and joins the errors of what it could not; the rest was. The caller
// sees to it that no other server of the service starts meanwhile.
func Sweep(runDir, service string) (removed []string, err error) {
	all, err := List(runDir, service)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, session := range all {
		path := Path(runDir, service, session)
		found := Inspect(path)
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
