package applookup

import "github.com/plugin-ipc/netipc/codec/internal/lookup"

// Status is what became of one key.
type Status uint16

// The statuses. Others are refused.
const (
	// StatusKnown: the item says what is known.
	StatusKnown Status = 0
	// StatusUnknown: there is no such process, or nothing is known about it.
	StatusUnknown Status = 1
	// StatusPayloadExceeded: the answer had no room left; ask again for this key and those after it.
	StatusPayloadExceeded Status = 2
	// StatusOversizedItem: the item does not fit an answer to these keys even as the first.
	StatusOversizedItem Status = 3
)

var statusNames = [...]string{"KNOWN", "UNKNOWN", "PAYLOAD_EXCEEDED", "OVERSIZED_ITEM"}

// String returns the status's name in the specification, or its number.
func (s Status) String() string { return lookup.NameOf(statusNames[:], "status", uint16(s)) }

// CgroupStatus is what is known about the cgroup of a process.
type CgroupStatus uint16

// The statuses of a cgroup. Others are refused.
const (
	// CgroupStatusKnown: path, name, orchestrator and labels say what is known; there is a path.
	CgroupStatusKnown CgroupStatus = 0
	// CgroupStatusUnknownRetryLater: not known yet, worth asking again; there may be a path.
	CgroupStatusUnknownRetryLater CgroupStatus = 1
	// CgroupStatusUnknownPermanent: there is a path, more will not be known.
	CgroupStatusUnknownPermanent CgroupStatus = 2
	// CgroupStatusHostRoot: the process is in the root cgroup of the host, of which there is nothing to say.
	CgroupStatusHostRoot CgroupStatus = 3
)

var cgroupStatusNames = [...]string{"KNOWN", "UNKNOWN_RETRY_LATER", "UNKNOWN_PERMANENT", "HOST_ROOT"}

// String returns the status's name in the specification, or its number.
func (s CgroupStatus) String() string {
	return lookup.NameOf(cgroupStatusNames[:], "cgroup status", uint16(s))
}

// UIDNotSet is the UID of a process whose user is not known.
const UIDNotSet uint32 = 0xFFFFFFFF

// Orchestrator is who runs a cgroup. Values without a name pass as they are. It is the same type in both lookups.
type Orchestrator = lookup.Orchestrator

// The orchestrators.
const (
	OrchestratorUnknown = lookup.OrchestratorUnknown
	OrchestratorSystemd = lookup.OrchestratorSystemd
	OrchestratorDocker  = lookup.OrchestratorDocker
	OrchestratorK8s     = lookup.OrchestratorK8s
	OrchestratorKVM     = lookup.OrchestratorKVM
	OrchestratorLXC     = lookup.OrchestratorLXC
	OrchestratorPodman  = lookup.OrchestratorPodman
	OrchestratorNspawn  = lookup.OrchestratorNspawn
)

// Label is one label of an item, owned: strings Key, which is not empty, and Value. It is the same type in both
// lookups.
type Label = lookup.Label
