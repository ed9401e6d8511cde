// Package codec holds what all typed payloads of netipc share: errors, borrowed strings and method codes.
//
// The packages below it turn bytes into typed values and back, without any I/O:
//
//   - wire: the envelope that every message travels in (spec 01)
//   - link: the transport-neutral half of Level 1: handshake, negotiation, chunking, sessions (spec 01, 16)
//   - increment, stringreverse, cgroupsnapshot, cgrouplookup, applookup: typed payloads, one package a method (spec 07)
//
// Decoding yields a view: a small value that borrows the payload, validated once and whole, so that reading
// its fields afterwards cannot fail and does not allocate. A view is valid as long as its buffer; whoever
// lends the buffer says for how long. Owned copies are made on request. Encoding goes through an owned value
// or a builder that writes into the caller's buffer.
//
// All integers are in host byte order: the peers share a machine.
package codec
