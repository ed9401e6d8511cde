package applookup

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Builder writes the answer to a request straight into a buffer, in the canonical form: Reset, Add or Unknown for
// each pid of the request in its order, Finish; SetGeneration anywhere between. It allocates nothing but errors,
// and serves one goroutine. The zero value has no buffer.
//
// Every pid gets an item, whatever the budget: one that does not fit says so (spec 07). The first becomes
// StatusOversizedItem, and the others go on; any other becomes StatusPayloadExceeded, and so do all that follow
// it, of which a client asks again. After an error every call returns that error, until Reset.
type Builder struct {
	build lookup.Build
	req   RequestView
	even  []byte // its keys, where they lie one right after the other
}

// Reset starts the answer to req in dst. The builder borrows both until Finish; what dst holds does not matter.
// The answer has at most budget bytes, the agreed response limit; when dst is shorter, grow is asked for more (see
// codec.Grow), and what it does not give is not used. A nil grow says that dst is all there is, math.MaxInt that
// dst and grow know the limit. Error: codec.ErrOverflow, with that of grow, when not even the shortest answers to
// all pids fit; to no pids that is 16 bytes.
func (b *Builder) Reset(dst []byte, grow codec.Grow, budget int, req RequestView) error {
	b.req, b.even = req, req.even()
	n := req.Len()
	return b.build.Begin(layoutResponse, dst, grow, budget, n, uint64(n)*shortestRounded, shortest)
}

// SetGeneration sets the number of what the producer knows; 0 if it is not called.
func (b *Builder) SetGeneration(g uint64) { b.build.SetGeneration(g) }

// Add answers the next pid. The pid is that of the request: it.PID may be 0, or must be the same. Errors:
// codec.ErrBadCount when all pids are answered, or there are more than 65535 labels; codec.ErrBadLayout for another
// pid, a status that there is not, an item that says what its statuses forbid, a comm that is too long, a label
// without a key; codec.ErrInteriorNUL. An item that does not fit is no error.
func (b *Builder) Add(it Item) error { return b.AddItem(&it) }

// AddItem is Add for a producer that has the item in a table: the item is read where it is, and not kept, which saves a
// copy. One that answers with the same items again and again does better with AddEncoded.
func (b *Builder) AddItem(it *Item) error {
	if !b.build.Wants() {
		return b.build.Refuse()
	}
	i := b.build.Answered()
	pid := b.pid(i)
	if it.PID != 0 && it.PID != pid {
		return b.build.Fail("pid", codec.ErrBadLayout)
	}
	if field, err := it.shape(); err != nil {
		return b.build.Fail(field, err)
	}
	if it.Status != StatusKnown {
		b.shortest(pid, it.Status)
		return nil
	}
	item, fate := b.build.Known(it.size(), shortest)
	if fate == lookup.Fits {
		if put(item, pid, it) {
			return nil
		}
	} else {
		putShortest(item, pid, instead(fate, StatusKnown))
	}
	if field := it.nulIn(); field != "" {
		return b.build.FailAt(i, field, codec.ErrInteriorNUL)
	}
	return nil
}

// Unknown is Add for an item that says nothing but StatusUnknown.
func (b *Builder) Unknown() error {
	if !b.build.Wants() {
		return b.build.Refuse()
	}
	b.shortest(b.pid(b.build.Answered()), StatusUnknown)
	return nil
}

// pid returns pid i of the request.
func (b *Builder) pid(i int) uint32 {
	if b.even != nil {
		return binary.NativeEndian.Uint32(b.even[i*keySize:][keyPID:])
	}
	return b.req.PID(i)
}

// shortest answers the next pid with a status, or with what its fate makes of it.
func (b *Builder) shortest(pid uint32, s Status) {
	item, fate := b.build.Shortest(shortest)
	putShortest(item, pid, instead(fate, s))
}

// nothing is an item that says nothing, but for its pid and its status.
var nothing = func() (b [shortest]byte) {
	put(b[:], 0, &Item{UID: UIDNotSet})
	return b
}()

// putShortest writes an item that says nothing but its pid and a status.
func putShortest(item []byte, pid uint32, s Status) {
	b := (*[shortest]byte)(item)
	*b = nothing
	binary.NativeEndian.PutUint16(b[itemStatus:], uint16(s))
	binary.NativeEndian.PutUint32(b[itemPID:], pid)
}

func instead(f lookup.Fate, offered Status) Status {
	return lookup.Instead(f, offered, StatusOversizedItem, StatusPayloadExceeded)
}

// put writes an item with that pid to its bytes. It reports whether none of its strings has a NUL inside: in what it
// wrote, because that takes one pass.
func put(item []byte, pid uint32, it *Item) (noNUL bool) {
	ne := binary.NativeEndian
	path := lookup.PutString(item, itemFixed, it.Comm)
	name := lookup.PutString(item, path, it.CgroupPath)
	end := lookup.PutString(item, name, it.CgroupName)
	head := (*[itemFixed]byte)(item)
	ne.PutUint16(head[itemVersion:], lookup.Version)
	ne.PutUint16(head[itemStatus:], uint16(it.Status))
	ne.PutUint16(head[itemOrchestrator:], uint16(it.Orchestrator))
	ne.PutUint16(head[itemCgroupStatus:], uint16(it.CgroupStatus))
	ne.PutUint32(head[itemPID:], pid)
	ne.PutUint32(head[itemPPID:], it.PPID)
	ne.PutUint32(head[itemUID:], it.UID)
	ne.PutUint32(head[itemZero:], 0)
	ne.PutUint64(head[itemStartTime:], it.StartTime)
	ne.PutUint32(head[itemCommOffset:], itemFixed)
	ne.PutUint32(head[itemCommLength:], uint32(len(it.Comm)))
	ne.PutUint32(head[itemPathOffset:], uint32(path))
	ne.PutUint32(head[itemPathLength:], uint32(len(it.CgroupPath)))
	ne.PutUint32(head[itemNameOffset:], uint32(name))
	ne.PutUint32(head[itemNameLength:], uint32(len(it.CgroupName)))
	ne.PutUint16(head[itemLabelCount:], uint16(len(it.Labels)))
	ne.PutUint16(head[itemZero2:], 0)
	noNUL = lookup.Tight(item[itemFixed:end], 3)
	return lookup.PutLabels(item, end, it.Labels) && noNUL
}

// Len returns the number of pids answered so far.
func (b *Builder) Len() int { return b.build.Answered() }

// Full reports whether an item did not fit, so that all further pids are answered StatusPayloadExceeded. The rest
// need not be looked up or added then: Finish does that.
func (b *Builder) Full() bool { return b.build.Full() }

// Err returns the error that ended the building, or nil.
func (b *Builder) Err() error { return b.build.Err() }

// Finish completes the payload and returns its size in bytes; it lies at the start of the buffer, see Bytes.
// Another Finish returns the same. Errors: that of an earlier call; codec.ErrBadCount when a pid has no answer,
// unless Full says that it need not have one; codec.ErrOverflow when there never was a Reset.
func (b *Builder) Finish() (int, error) {
	return b.build.Finish(layoutResponse, func(i int) { b.shortest(b.pid(i), StatusPayloadExceeded) })
}

// Bytes returns the payload after Finish, nil before: the start of the buffer given to Reset, or of the last that
// Grow returned. Valid until that buffer is used again; copy to keep.
func (b *Builder) Bytes() []byte { return b.build.Bytes() }
