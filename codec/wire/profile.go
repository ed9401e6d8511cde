package wire

import (
	"math/bits"
	"strconv"
	"strings"
)

// Profile is a set of transport profiles, one bit each (spec 01, "Profile bits"). The meaning of bits 2 and 3
// depends on the operating system; both peers share it.
type Profile uint32

// The profiles.
const (
	ProfileBaseline    Profile = 1 << 0 // Unix SEQPACKET socket, or Windows named pipe
	ProfileSHMHybrid   Profile = 1 << 1 // shared memory, sleeping in the kernel
	ProfileSHMFutex    Profile = 1 << 2 // POSIX: reserved
	ProfileSHMBusyWait Profile = 1 << 2 // Windows: shared memory, spinning
	ProfileSHMWaitAddr Profile = 1 << 3 // Windows: reserved
)

// Highest returns the highest single bit of p, or 0 if p is empty.
func (p Profile) Highest() Profile {
	if p == 0 {
		return 0
	}
	return 1 << (31 - bits.LeadingZeros32(uint32(p)))
}

// Single reports whether exactly one bit is set.
func (p Profile) Single() bool { return bits.OnesCount32(uint32(p)) == 1 }

// String names the bits: "baseline", "baseline|shm-hybrid", "none".
func (p Profile) String() string {
	if p == 0 {
		return "none"
	}
	var names []string
	for rest := p; rest != 0; {
		bit := rest & -rest
		rest &^= bit
		switch bit {
		case ProfileBaseline:
			names = append(names, "baseline")
		case ProfileSHMHybrid:
			names = append(names, "shm-hybrid")
		default:
			names = append(names, "0x"+strconv.FormatUint(uint64(bit), 16))
		}
	}
	return strings.Join(names, "|")
}
