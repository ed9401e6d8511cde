package cgrouplookup

import "github.com/plugin-ipc/netipc/codec/internal/lookup"

// Status is what became of one key.
type Status uint16

// The statuses. Others are refused.
const (
	// StatusKnown: the item says what is known.
	StatusKnown Status = 0
	// StatusUnknownRetryLater: not known yet; worth asking again.
	StatusUnknownRetryLater Status = 1
	// StatusUnknownPermanent: not known, and asking again will not help.
	StatusUnknownPermanent Status = 2
	// StatusPayloadExceeded: the answer had no room left; ask again for this key and those after it.
	StatusPayloadExceeded Status = 3
	// StatusOversizedItem: the item does not fit an answer to these keys even as the first.
	StatusOversizedItem Status = 4
)

var statusNames = [...]string{"KNOWN", "UNKNOWN_RETRY_LATER", "UNKNOWN_PERMANENT", "PAYLOAD_EXCEEDED", "OVERSIZED_ITEM"}

// String returns the status's name in the specification, or its number.
func (s Status) String() string { return lookup.NameOf(statusNames[:], "status", uint16(s)) }

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
