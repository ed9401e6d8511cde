// Package probe measures what this machine can do at best: how fast two processes can exchange anything at all.
// What netipc does in the same run is read against it.
//
//   - cache-line: two processes spin on one word of shared memory
//   - seqpacket-blocking: SEQPACKET ping-pong with bare read and write, each side sleeping in the kernel
//   - seqpacket-poller: the same through Go's network poller, as a Go program normally would
//   - seqpacket-spin: the same, non-blocking, neither side ever sleeping
//   - seqpacket-c: seqpacket-blocking in C, for orientation, where a compiler is there
//   - futex: ping-pong over a word of shared memory, each side sleeping in the kernel
//   - v3-bare: messages of a header and a number in a region of version 3 (spec 03), both sides spinning, no wake
//   - v3-wake: the same with a wake after each message, as deployed peers make it
//   - v3-answers: v3-bare with large answers, copied in and copied out
//   - v3-futex: the same, each side sleeping in the kernel
//   - wake: a futex wake that nobody sleeps for
//   - memcpy: copying within caches and beyond; -cold: blocks that have left the caches
//
// All but memcpy need Linux, and two processors to mean what they say.
package probe
