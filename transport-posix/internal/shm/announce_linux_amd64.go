package shm

// announce stores the three words that announce a message, each after the one before and all after what was stored
// already: on this architecture stores are seen in order, and what sync/atomic has would wait for each of them.
//
//go:noescape
func announce(length *uint32, n uint32, seq *uint64, have uint64, signal *uint32, moved uint32)

// watch looks at seq until it is not have, at most turns times, at least once, with a pause behind each look; or until
// signs has a bit of mask. With each look it asks for the cache line in which the message begins: that comes while the one
// with seq does, and not after it. When seq has moved it asks for the other lines of the message, as far as it is expected
// to reach, and for those in which the answer will be written: they come side by side, while the message is being judged
// and the answer made.
//
//go:noescape
func watch(seq *uint64, have uint64, signs *uint32, mask, turns uint32, message, answer *byte, messageLines, answerLines uint32)
