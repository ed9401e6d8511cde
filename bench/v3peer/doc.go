// Package v3peer is a peer as it is deployed: it speaks region version 3 as spec 03 says and does nothing beyond it.
// It spins a fixed 128 times, with the processor's hint, then sleeps; it wakes after every message; it copies a
// message once in and once out. What netipc does in the same region is measured against two such peers, and with one
// of them at the other end.
//
// An End is one side of a region, made over any mapped memory and with any Manner of waiting and waking, so that the
// probes of what this layout can do at best are the same code. Listen and Dial make sessions of it: the handshake over
// a Unix socket, and the file of the region beside it.
//
// It is written for measurements between processes that mean well, and needs Linux.
package v3peer
