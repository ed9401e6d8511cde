// Package invariants holds checks that only test builds pay for: those with the tag netipc_invariants.
package invariants
