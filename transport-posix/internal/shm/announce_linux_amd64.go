package shm

// announce stores the three words that announce a message, each after the one before and all after what was stored
// already: on this architecture stores are seen in order, and what sync/atomic has would wait for each of them.
//
//go:noescape
func announce(length *uint32, n uint32, seq *uint64, have uint64, signal *uint32, moved uint32)

// own asks for a cache line that will be written.
//
//go:noescape
func own(line *byte)
