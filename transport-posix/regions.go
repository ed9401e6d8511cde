package posix

// RegionState says whether the owner of a region of shared memory lives.
type RegionState string

// The states of a Region.
const (
	RegionLive    RegionState = "live"    // its server lives; with a free lock, one that knows of no locks
	RegionStale   RegionState = "stale"   // its server is dead
	RegionJunk    RegionState = "junk"    // no session can use it
	RegionUnclear RegionState = "unclear" // this process may not open it, or could not try
)

// Region is the shared memory of one session, or what is left of it. Its profile is wire.ProfileSHMHybrid.
type Region struct {
	Session          uint64
	Path             string
	State            RegionState
	Lock             LockState // LockUnclear where the file could not be opened
	OwnerPID         int       // as the region says; 0 where it is junk or unclear
	OwnerGeneration  uint32    // likewise
	RequestCapacity  uint32    // bytes, likewise
	ResponseCapacity uint32
	Size             uint64 // bytes of the file
}

// removable reports whether it is what a dead server left. Junk may be a region that a deployed server is making just
// now, if it lives.
func (r Region) removable(served bool) bool {
	return r.State == RegionStale || r.State == RegionJunk && !served
}
