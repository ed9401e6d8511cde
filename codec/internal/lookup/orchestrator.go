package lookup

// Orchestrator is who runs a cgroup. Values that have no name here pass as they are.
type Orchestrator uint16

// The orchestrators.
const (
	OrchestratorUnknown Orchestrator = 0
	OrchestratorSystemd Orchestrator = 1
	OrchestratorDocker  Orchestrator = 2
	OrchestratorK8s     Orchestrator = 3
	OrchestratorKVM     Orchestrator = 4
	OrchestratorLXC     Orchestrator = 5
	OrchestratorPodman  Orchestrator = 6
	OrchestratorNspawn  Orchestrator = 7
)

var orchestratorNames = [...]string{"unknown", "systemd", "docker", "k8s", "kvm", "lxc", "podman", "nspawn"}

// String returns the orchestrator's name in the specification, or its number.
func (o Orchestrator) String() string {
	return NameOf(orchestratorNames[:], "orchestrator", uint16(o))
}
