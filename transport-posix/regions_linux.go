package posix

import "github.com/plugin-ipc/netipc/transport-posix/internal/shm"

var regionStates = map[shm.State]RegionState{
	shm.Live: RegionLive, shm.Stale: RegionStale, shm.Junk: RegionJunk, shm.Unknown: RegionUnclear,
}

var regionLocks = map[shm.Lock]LockState{
	shm.LockFree: LockFree, shm.LockHeld: LockHeld, shm.LockUntried: LockUnclear,
}

// inspectRegion looks at the region of a session. It may be gone.
func inspectRegion(runDir, service string, session uint64) (r Region, there bool) {
	path := shm.Path(runDir, service, session)
	found := shm.Inspect(path)
	return Region{
		Session:          session,
		Path:             path,
		State:            regionStates[found.State],
		Lock:             regionLocks[found.Lock],
		OwnerPID:         int(found.OwnerPID),
		OwnerGeneration:  found.OwnerGeneration,
		RequestCapacity:  found.RequestCapacity,
		ResponseCapacity: found.ResponseCapacity,
		Size:             found.Size,
	}, found.State != shm.Absent
}

// cleanRegion looks again at a region, and removes it if it still is what a dead server left.
func cleanRegion(r Region, served bool) error {
	found := shm.Inspect(r.Path)
	now := Region{State: regionStates[found.State]}
	if !now.removable(served) {
		return nil
	}
	return found.Remove(r.Path)
}
