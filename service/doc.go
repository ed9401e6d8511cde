// Package service is Level 2: typed clients and managed servers over any transport (spec 08, 16).
//
// A Client names a service, not a process: it is created without I/O, lives through providers that start late,
// restart and vanish, and is shared by as many goroutines as like. A Server runs a typed handler for every
// request of every session. Both are generic over a method; the packages below this one join them to the
// methods of the protocol, and a user's own method is joined in the same way.
//
// Package local picks the transport of this operating system, package servicetest is for tests.
package service
