// Package link is Level 1 without an operating system: what every transport of netipc shares (spec 01, 16).
//
// Negotiate decides what a client and a server agree on. AppendHello, ParseHello, AppendAck and ParseAck are
// the handshake without its I/O. Splitter cuts a message into packets, Reassembler puts packets together
// again, InFlight remembers which requests still lack an answer. NewClientSession and NewServerSession join
// them to a Packets, the message-preserving pipe that a transport provides, and the result is a Conn: the
// contract that Level 2 stands on. A transport that is not made of packets, such as shared memory, implements
// Conn itself. Package linktest has the suite that holds all of them to it, and a transport in memory.
//
// Level 1 never looks inside a payload.
package link
