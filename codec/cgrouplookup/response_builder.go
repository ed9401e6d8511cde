package cgrouplookup

import (
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Builder writes the answer to a request straight into a buffer, in the canonical form: Reset, Add or Unknown for
// each path of the request in its order, Finish; SetGeneration anywhere between. It allocates nothing but errors,
// and serves one goroutine. The zero value has no buffer.
//
// Every path gets an item, whatever the budget: one that does not fit says so (spec 07). The first becomes
// StatusOversizedItem, and the others go on; any other becomes StatusPayloadExceeded, and so do all that follow
// it, of which a client asks again. After an error every call returns that error, until Reset.
type Builder struct {
	build lookup.Build
	req   RequestView
}

// Reset starts the answer to req in dst. The builder borrows both until Finish; what dst holds does not matter.
// The answer has at most budget bytes, the agreed response limit; when dst is shorter, grow is asked for more (see
// codec.Grow), and what it does not give is not used. A nil grow says that dst is all there is, math.MaxInt that
// dst and grow know the limit. Error: codec.ErrOverflow, with that of grow, when not even the shortest answers to
// all paths fit; to no paths that is 16 bytes.
func (b *Builder) Reset(dst []byte, grow codec.Grow, budget int, req RequestView) error {
	b.req = req
	sum, last := uint64(0), uint64(0)
	for i := range req.Len() {
		last = shortest(uint64(len(req.path(i))))
		sum += bounds.AlignUp(last)
	}
	return b.build.Begin(layoutResponse, dst, grow, budget, req.Len(), sum, last)
}

// SetGeneration sets the number of what the producer knows; 0 if it is not called.
func (b *Builder) SetGeneration(g uint64) { b.build.SetGeneration(g) }

// Add answers the next path. The path is that of the request: it.Path may be empty, or must be the same. Errors:
// codec.ErrBadCount when all paths are answered, or there are more than 65535 labels; codec.ErrBadLayout for
// another path, a status that there is not, a status other than StatusKnown that says more than the path, a label
// without a key; codec.ErrInteriorNUL. An item that does not fit is no error.
func (b *Builder) Add(it Item) error { return b.AddItem(&it) }

// AddItem is Add for a producer that has the item in a table: the item is read where it is, and not kept, which saves a
// copy. One that answers with the same items again and again does better with AddEncoded.
func (b *Builder) AddItem(it *Item) error {
	if !b.build.Wants() {
		return b.build.Refuse()
	}
	i := b.build.Answered()
	path := b.req.path(i)
	if it.Path != "" && it.Path != string(path) {
		return b.build.Fail("path", codec.ErrBadLayout)
	}
	if field, err := it.check(len(path)); err != nil {
		return b.build.Fail(field, err)
	}
	if it.Status != StatusKnown {
		b.shortest(path, it.Status)
		return nil
	}
	item, fate := b.build.Known(it.size(len(path)), shortest(uint64(len(path))))
	noNUL := false
	if fate == lookup.Fits {
		noNUL = put(item, path, it)
	} else {
		noNUL = !lookup.HaveNUL(it.Labels)
		put(item, path, &Item{Status: instead(fate, StatusKnown)})
	}
	if !noNUL {
		return b.build.FailAt(i, "labels", codec.ErrInteriorNUL)
	}
	return nil
}

// Unknown is Add for an item that says nothing but its status, such as StatusUnknownRetryLater.
func (b *Builder) Unknown(s Status) error { return b.Add(Item{Status: s}) }

// shortest answers the next path with a status, or with what its fate makes of it.
func (b *Builder) shortest(path []byte, s Status) {
	item, fate := b.build.Shortest(shortest(uint64(len(path))))
	put(item, path, &Item{Status: instead(fate, s)})
}

func instead(f lookup.Fate, offered Status) Status {
	return lookup.Instead(f, offered, StatusOversizedItem, StatusPayloadExceeded)
}

// put writes an item with that path to its bytes. It reports whether no label has a NUL inside.
func put[S string | []byte](item []byte, path S, it *Item) (noNUL bool) {
	ne := binary.NativeEndian
	name := lookup.PutString(item, itemFixed, path)
	end := lookup.PutString(item, name, it.Name)
	ne.PutUint16(item[itemVersion:], lookup.Version)
	ne.PutUint16(item[itemStatus:], uint16(it.Status))
	ne.PutUint16(item[itemOrchestrator:], uint16(it.Orchestrator))
	ne.PutUint16(item[itemZero:], 0)
	ne.PutUint32(item[itemPathOffset:], itemFixed)
	ne.PutUint32(item[itemPathLength:], uint32(len(path)))
	ne.PutUint32(item[itemNameOffset:], uint32(name))
	ne.PutUint32(item[itemNameLength:], uint32(len(it.Name)))
	ne.PutUint16(item[itemLabelCount:], uint16(len(it.Labels)))
	ne.PutUint16(item[itemZero2:], 0)
	return lookup.PutLabels(item, end, it.Labels)
}

// Len returns the number of paths answered so far.
func (b *Builder) Len() int { return b.build.Answered() }

// Full reports whether an item did not fit, so that all further paths are answered StatusPayloadExceeded. The rest
// need not be looked up or added then: Finish does that.
func (b *Builder) Full() bool { return b.build.Full() }

// Err returns the error that ended the building, or nil.
func (b *Builder) Err() error { return b.build.Err() }

// Finish completes the payload and returns its size in bytes; it lies at the start of the buffer, see Bytes.
// Another Finish returns the same. Errors: that of an earlier call; codec.ErrBadCount when a path has no answer,
// unless Full says that it need not have one; codec.ErrOverflow when there never was a Reset.
func (b *Builder) Finish() (int, error) {
	return b.build.Finish(layoutResponse, func(i int) { b.shortest(b.req.path(i), StatusPayloadExceeded) })
}

// Bytes returns the payload after Finish, nil before: the start of the buffer given to Reset, or of the last that
// Grow returned. Valid until that buffer is used again; copy to keep.
func (b *Builder) Bytes() []byte { return b.build.Bytes() }
