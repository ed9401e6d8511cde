// Package linktest is for testing what stands on package link, and what stands below it.
//
// Network is a transport in memory: the real handshake, sessions and limits of package link over packets that
// never leave the process. It has backpressure, deadlines and faults, needs no operating system, and works
// inside the bubbles of testing/synctest, where its time is the fake one.
//
// Run is the conformance suite: the contract of link.Conn, link.Dialer, link.Listener and link.Incoming as
// subtests. Every transport runs it, Network included; a Harness says how to make an endpoint, and its Nature what the
// transport cannot do because of what it is made of. A table in rules_test.go says which subtests hold which rule of the
// specification.
//
// Where the peer has to be another process, an Agent plays it there and a Remote is its stand-in here: the same
// suite runs through them, resets, faults and the counting of allocations included.
//
// Faulty is a pipe whose packets are truncated, dropped, repeated, swapped, held up, or meet a reset.
//
// HostilePackets and Raw play peers that do not keep to the protocol. Serve, AnswerInPairs and Relay play
// servers and onlookers that do, over any transport. Main is a TestMain that fails when tests leave goroutines,
// descriptors or shared mappings behind.
//
// Only the standard library is needed.
package linktest
