package ipc

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Transport is a profile that is measured, and what the names of its cases begin with.
type Transport struct {
	name    string
	profile wire.Profile
}

// The transports.
var (
	UDS = Transport{"uds", wire.ProfileBaseline}
	SHM = Transport{"shm", wire.ProfileSHMHybrid}
)

// Increment is a typed INCREMENT call, without the suffix of its placement. Every answer is checked: it is the
// question of the next call.
func (t Transport) Increment() string { return t.name + "/increment" }

// Depth is the name of Increment with that many calls in flight, by as many goroutines.
func (t Transport) Depth(inFlight int) string {
	return fmt.Sprintf("%s-%d-in-flight", t.Increment(), inFlight)
}

// Level1 is a message there and one back, each side a link.Conn and nothing above it, without the suffix of its
// placement.
func (t Transport) Level1() string { return t.name + "/level1" }

// Answers is Level1 with answers of that many bytes, a multiple of 1024.
func (t Transport) Answers(size int) string { return fmt.Sprintf("%s/answers-%dKiB", t.name, size>>10) }

// With deployed peers of shared memory (package v3peer) at one end or both, without the suffix of their placement.
const (
	V3             = "v3/increment"               // both ends
	V3Client       = "v3/increment-of-our-server" // a deployed client, our typed server
	V3ClientLevel1 = "v3/level1-of-our-server"    // a deployed client, our Level 1
	IncrementOfV3  = "shm/increment-of-deployed"  // our typed client, a deployed server
	Level1OfV3     = "shm/level1-of-deployed"     // our Level 1, a deployed server
)

// V3Answers is V3 with answers of that many bytes, a multiple of 1024.
func V3Answers(size int) string { return fmt.Sprintf("v3/answers-%dKiB", size>>10) }
