// Package shmtest is the other end of a region of shared memory, for tests: it says what it is told, byte for byte,
// and checks nothing. So a test can be a deployed peer whose traffic was recorded, or one that breaks the rules.
//
//	p, err := shmtest.Attach(path)     // a client's end
//	p.Publish(message, uint32(len(message)))
//	answer, err := p.Await(ctx)
//
// It waits for a message as spec 03 says, with a futex and nothing else, and wakes always. It knows the layout by
// numbers of its own, so that it does not repeat a mistake of the transport. It is for Linux.
package shmtest
