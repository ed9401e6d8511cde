// Package shm is shared memory between a server and one of its clients: region version 3, the profile SHM_HYBRID,
// as deployed peers speak it (spec 03).
//
// A region is a file in the run directory, one per session. The server creates it and says so in the
// acknowledgement of the handshake; the client attaches; the server unlinks it when the session ends:
//
//	Create            O_EXCL, 0600, locked, reserved whole, header written   server
//	Attach            wait until it is there and ready, judge it, map it     client
//	Region            the mapping, until Close
//	Inspect, Sweep    what dead servers have left, told apart from what lives
//
// The layout (layout.go), the geometry, the names, the header's decoder and the verdict about an owner are pure
// and tested on every operating system; what touches files is Linux's alone.
package shm
