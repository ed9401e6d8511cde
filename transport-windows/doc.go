// Package windows is the Windows transport of netipc: named pipes in message mode, and shared memory that is
// negotiated over them (spec 05, 06).
//
// This version has the names of the objects both peers meet at, and nothing that opens them: PipeName and
// ObjectNames are pure and work on every operating system, so that a tool on one can say what stands on
// another. Connecting fails with ErrUnsupported, on Windows as elsewhere.
package windows
