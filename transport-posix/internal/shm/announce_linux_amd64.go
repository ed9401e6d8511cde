package shm

// announce stores the three words that announce a message, each after the one before and all after what was stored
// already: on this architecture stores are seen in order, and what sync/atomic has would wait for each of them.
//
//go:noescape
func announce(length *uint32, n uint32, seq *uint64, have uint64, signal *uint32, moved uint32)

// watch looks at seq until it is not have, at most turns times, at least once, with a pause behind each look; or until
// signs has a bit of mask. With each look it asks for the cache line in which the message begins: that comes while the one
// with seq does, and not after it. When seq has moved it asks for the lines in which the answer will be written, at least
// one: they come side by side, while the message is being read and the answer made. To ask for the other lines of the
// message as well makes it slower: they come as fast when they are copied.
//
//go:noescape
func watch(seq *uint64, have uint64, signs *uint32, mask, turns uint32, message, answer *byte, lines uint32)
