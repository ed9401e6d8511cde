// Package ipc measures netipc itself, against another process: typed clients with managed servers, and Level 1 alone.
// The same code measures each transport; those that the transport's package does not offer skip themselves.
//
//   - increment: typed calls, at full speed, paced, several in flight
//   - level1: a link.Conn on each side and nothing above it
//   - answers: the same with large answers
//   - snapshot: the transfer alone, and refreshes of a cache, of what has changed and what has not
//   - apps-lookup: typed lookups, beside a loop that copies the same bytes
//   - ...-of-deployed, ...-of-our-server: one side is a peer of shared memory as it is deployed (package v3peer)
//   - v3/...: both sides are
package ipc
