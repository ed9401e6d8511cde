package ipc

// What other processes do.
const (
	roleIncrement = "increment" // a managed server of INCREMENT
	roleLevel1    = "level1"    // Level 1 that answers numbers
	roleDeployed  = "deployed"  // the same, a deployed peer
	roleLookup    = "lookup"    // a managed server of processes
	roleSnapshot  = "snapshot"  // a managed server of cgroups
)
