// Package posix is the POSIX transport of netipc: Unix sockets of type SEQPACKET, on Linux and FreeBSD (spec
// 02). Elsewhere it compiles, the names can be computed, and everything else fails with ErrUnsupported.
//
// NewDialer makes client sessions, Listen serves them; both speak the contracts of package link. A service
// has a name and stands in a run directory:
//
//	{run_dir}/{service}.sock   the socket, put there complete and never over something else
//	{run_dir}/{service}.lock   locked as long as a server of ours lives
//	{run_dir}/{service}.tmp    the socket before it is complete
//	{run_dir}/{service}.old    a dead predecessor's socket while it is taken away
//	{run_dir}/{service}-{session id, 16 hex digits}.ipcshm   shared memory of one session
//
// A server that ends in good order leaves none of them. What a killed one leaves, the next start removes;
// Inspect lists it and Clean removes it.
//
// On Linux a session can be carried by shared memory in place of the socket (spec 03): where both sides name
// wire.ProfileSHMHybrid in what they support, link.Proposal and link.Settings. Where that cannot be had, for want of
// space, rights or the like, both fall back to the socket, unless one of them has named shared memory alone.
//
// Waiting on a socket goes through Go's network poller: a session that waits costs a goroutine, not a thread. While packets
// follow one another closely, a read learns whether it is faster to block in the kernel for a moment or to spin, and
// does so, within the time and the processors that this process can spare; an interrupt may then be noticed a few
// clock ticks of the kernel late.
package posix
