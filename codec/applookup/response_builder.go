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
	answer     lookup.Answer
	req        RequestView
	payload    []byte // once finished
	generation uint64
	err        error
}

// Reset starts the answer to req in dst. The builder borrows both until Finish; what dst holds does not matter.
// The answer has at most budget bytes, the agreed response limit; when dst is shorter, grow is asked for more (see
// codec.Grow), and what it does not give is not used. A nil grow says that dst is all there is, math.MaxInt that
// dst and grow know the limit. Error: codec.ErrOverflow, with that of grow, when not even the shortest answers to
// all pids fit; to no pids that is 16 bytes.
func (b *Builder) Reset(dst []byte, grow codec.Grow, budget int, req RequestView) error {
	*b = Builder{req: req}
	keys := req.Len()
	if err := b.answer.Begin(dst, grow, budget, keys, uint64(keys)*shortestRounded, shortest); err != nil {
		b.err = codec.FieldError(layoutResponse, "", err)
	}
	return b.err
}

// SetGeneration sets the number of what the producer knows; 0 if it is not called.
func (b *Builder) SetGeneration(g uint64) { b.generation, b.payload = g, nil }

// Add answers the next pid. The pid is that of the request: it.PID may be 0, or must be the same. Errors:
// codec.ErrBadCount when all pids are answered, or there are more than 65535 labels; codec.ErrBadLayout for another
// pid, a status that there is not, an item that says what its statuses forbid, a comm that is too long, a label
// without a key; codec.ErrInteriorNUL. An item that does not fit is no error.
func (b *Builder) Add(it Item) error {
	if b.err != nil || !b.answer.Missing() {
		return b.fail(b.answer.Answered(), "", codec.ErrBadCount)
	}
	i := b.answer.Answered()
	pid := b.req.PID(i)
	if it.PID != 0 && it.PID != pid {
		return b.fail(i, "pid", codec.ErrBadLayout)
	}
	if field, err := it.check(); err != nil {
		return b.fail(i, field, err)
	}
	if it.Status != StatusKnown {
		b.shortest(pid, it.Status)
		return nil
	}
	item, fate := b.answer.Known(it.size(), shortest)
	noNUL := false
	if fate == lookup.Fits {
		noNUL = put(item, pid, &it)
	} else {
		noNUL = !lookup.HaveNUL(it.Labels)
		put(item, pid, &Item{Status: substitute(fate), UID: UIDNotSet})
	}
	if !noNUL {
		return b.fail(i, "labels", codec.ErrInteriorNUL)
	}
	return nil
}

// Unknown is Add for an item that says nothing but StatusUnknown.
func (b *Builder) Unknown() error { return b.Add(Item{Status: StatusUnknown, UID: UIDNotSet}) }

// shortest answers the next pid with a status, or with StatusPayloadExceeded.
func (b *Builder) shortest(pid uint32, s Status) {
	item, fate := b.answer.Shortest(shortest)
	if fate != lookup.Fits {
		s = substitute(fate)
	}
	put(item, pid, &Item{Status: s, UID: UIDNotSet})
}

func substitute(fate lookup.Fate) Status {
	if fate == lookup.Oversized {
		return StatusOversizedItem
	}
	return StatusPayloadExceeded
}

// put writes an item with that pid to its bytes. It reports whether no label has a NUL inside.
func put(item []byte, pid uint32, it *Item) (noNUL bool) {
	ne := binary.NativeEndian
	path := lookup.PutString(item, itemFixed, it.Comm)
	name := lookup.PutString(item, path, it.CgroupPath)
	end := lookup.PutString(item, name, it.CgroupName)
	ne.PutUint16(item[itemVersion:], lookup.Version)
	ne.PutUint16(item[itemStatus:], uint16(it.Status))
	ne.PutUint16(item[itemOrchestrator:], uint16(it.Orchestrator))
	ne.PutUint16(item[itemCgroupStatus:], uint16(it.CgroupStatus))
	ne.PutUint32(item[itemPID:], pid)
	ne.PutUint32(item[itemPPID:], it.PPID)
	ne.PutUint32(item[itemUID:], it.UID)
	ne.PutUint32(item[itemZero:], 0)
	ne.PutUint64(item[itemStartTime:], it.StartTime)
	ne.PutUint32(item[itemCommOffset:], itemFixed)
	ne.PutUint32(item[itemCommLength:], uint32(len(it.Comm)))
	ne.PutUint32(item[itemPathOffset:], uint32(path))
	ne.PutUint32(item[itemPathLength:], uint32(len(it.CgroupPath)))
	ne.PutUint32(item[itemNameOffset:], uint32(name))
	ne.PutUint32(item[itemNameLength:], uint32(len(it.CgroupName)))
	ne.PutUint16(item[itemLabelCount:], uint16(len(it.Labels)))
	ne.PutUint16(item[itemZero2:], 0)
	return lookup.PutLabels(item, end, it.Labels)
}

// Len returns the number of pids answered so far.
func (b *Builder) Len() int { return b.answer.Answered() }

// Full reports whether an item did not fit, so that all further pids are answered StatusPayloadExceeded. The rest
// need not be looked up or added then: Finish does that.
func (b *Builder) Full() bool { return b.answer.Full() }

// Err returns the error that ended the building, or nil.
func (b *Builder) Err() error { return b.err }

// Finish completes the payload and returns its size in bytes; it lies at the start of the buffer, see Bytes.
// Another Finish returns the same. Errors: that of an earlier call; codec.ErrBadCount when a pid has no answer,
// unless Full says that it need not have one; codec.ErrOverflow when there never was a Reset.
func (b *Builder) Finish() (int, error) {
	for b.err == nil && b.answer.Missing() {
		if !b.answer.Full() {
			b.fail(b.answer.Answered(), "", codec.ErrBadCount)
			break
		}
		b.shortest(b.req.PID(b.answer.Answered()), StatusPayloadExceeded)
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.payload = b.answer.Finish(b.generation); b.payload == nil {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	return len(b.payload), nil
}

// Bytes returns the payload after Finish, nil before: the start of the buffer given to Reset, or of the last that
// Grow returned. Valid until that buffer is used again; copy to keep.
func (b *Builder) Bytes() []byte { return b.payload }

// fail ends the building over a field of item i, unless it has ended already.
func (b *Builder) fail(i int, field string, err error) error {
	b.payload = nil
	if b.err == nil {
		b.err = codec.ItemError(layoutResponse, i, field, err)
	}
	return b.err
}
