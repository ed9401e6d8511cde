package lookup

import (
	"github.com/plugin-ipc/netipc/codec"
)

// Build is the building of an answer as far as it needs no items: the builders of both packages are made of it, and
// their documentation says what it does. The zero value has no buffer.
type Build struct {
	Answer
	layout     string
	payload    []byte // once finished
	generation uint64
	err        error
}

// Begin is Answer.Begin. layout is for errors.
func (b *Build) Begin(layout string, dst []byte, grow codec.Grow, budget, keys int, shortest, last uint64) error {
	*b = Build{layout: layout}
	if err := b.Answer.Begin(dst, grow, budget, keys, shortest, last); err != nil {
		b.err = codec.FieldError(layout, "", err)
	}
	return b.err
}

// SetGeneration sets the generation of the answer.
func (b *Build) SetGeneration(g uint64) { b.generation, b.payload = g, nil }

// Wants reports whether there is a next key, of index Answered, and no error.
func (b *Build) Wants() bool { return b.err == nil && b.Missing() }

// Refuse returns what an item is told that nobody wants: the error of an earlier call, or codec.ErrBadCount.
func (b *Build) Refuse() error { return b.Fail("", codec.ErrBadCount) }

// Fail ends the building over a field of the next item, unless it has ended already.
func (b *Build) Fail(field string, err error) error { return b.FailAt(b.Answered(), field, err) }

// FailAt is Fail for item i.
func (b *Build) FailAt(i int, field string, err error) error {
	b.payload = nil
	if b.err == nil {
		b.err = codec.ItemError(b.layout, i, field, err)
	}
	return b.err
}

// Err returns the error that ended the building, or nil.
func (b *Build) Err() error { return b.err }

// Finish completes the payload and returns its size; exceeded answers the key of that index, the next one, where
// there is no room for what would be said. Errors: that of an earlier call; codec.ErrBadCount when a key has no answer
// although there is room; codec.ErrOverflow when there never was a Begin. layout is that of Begin.
func (b *Build) Finish(layout string, exceeded func(i int)) (int, error) {
	for b.err == nil && b.Missing() {
		if !b.Full() {
			return 0, b.Fail("", codec.ErrBadCount)
		}
		exceeded(b.Answered())
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.payload = b.Answer.Finish(b.generation); b.payload == nil {
		return 0, codec.FieldError(layout, "", codec.ErrOverflow)
	}
	return len(b.payload), nil
}

// Bytes returns the payload after Finish, nil before.
func (b *Build) Bytes() []byte { return b.payload }

// Instead returns the status of an item: offered if that is its fate, or what is said instead.
func Instead[S any](f Fate, offered, oversized, exceeded S) S {
	switch f {
	case Oversized:
		return oversized
	case Exceeded:
		return exceeded
	}
	return offered
}
