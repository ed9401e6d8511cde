// Package local reaches services on this machine with whatever transport its operating system has: Unix sockets
// on Linux and FreeBSD. It is all that most programs need to know of transports.
//
//	dir, err := local.DefaultRunDir()
//	...
//	d, err := local.NewDialer(dir, "cgroups-snapshot")
//	...
//	client := cgroupsnapshot.NewClient(d, service.Config{})
//
// Those who want to choose more than the name, such as who may connect, use the transport's own package.
package local
