package posix

import (
	"context"
	"errors"
	"sync"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/shm"
)

// sharedMemory are the profiles for which a server prepares a region. SHM_FUTEX is reserved and never offered: who
// proposes it alone finds no common profile.
const sharedMemory = wire.ProfileSHMHybrid

// Profiles are those that this transport can do on this operating system. Of these a session has what both sides name.
const Profiles = offered

// ErrCannotAttach: the server has selected shared memory, and this process cannot use it. The reason is wrapped.
var ErrCannotAttach = shm.ErrCannotAttach

// without returns settings that lack some profiles.
func without(s link.Settings, p wire.Profile) link.Settings {
	s.Supported &^= p
	s.Preferred &^= p
	return s
}

// offers takes out of a proposal, whose defaults are filled in, the profiles that this transport does not offer, and
// those to be avoided if that leaves any: shared memory alone is all that the client wants, and what was in the way may
// have passed.
func offers(p link.Proposal, avoid wire.Profile) link.Proposal {
	p.Supported &= offered
	if rest := p.Supported &^ avoid; rest != 0 {
		p.Supported = rest
	}
	p.Preferred &= p.Supported
	return p
}

// fallsBack decides what becomes of an attempt that ended with err: whether there is to be one without shared memory,
// because that was selected and could not be used. Unless the cause is a passing one, later calls begin there.
func (d *Dialer) fallsBack(ctx context.Context, p link.Proposal, err error) bool {
	if !errors.Is(err, ErrCannotAttach) || ctx.Err() != nil || p.Supported&offered&^sharedMemory == 0 {
		return false
	}
	if !passing(err) {
		d.givenUp.Or(uint32(sharedMemory))
	}
	return true
}

// sessionIDs gives the sessions of a listener their ids: those that the settings say, until a region of the name is
// taken by somebody else who lives. Then the session takes the next id that nobody has had, and so do those after it.
type sessionIDs struct {
	mu      sync.Mutex
	highest uint64 // of all ids so far
	skipped bool   // an id up to highest may have been given to a session that did not ask for it
}

// claim returns the id of a session for which the settings say id.
func (s *sessionIDs) claim(id uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.skipped && id <= s.highest {
		s.highest++
		return s.highest
	}
	s.highest = max(s.highest, id)
	return id
}

// next returns an id in place of one that is taken.
func (s *sessionIDs) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skipped = true
	s.highest++
	return s.highest
}
