package stringreverse

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/room"
)

// EncodeResponse writes the response s, as it is, to the start of dst and returns its size in bytes. Error:
// codec.ErrOverflow when dst is shorter.
func EncodeResponse[S ~string | ~[]byte](dst []byte, s S) (int, error) {
	return encode(dst, s, layoutResponse)
}

// Builder writes a response straight into a buffer: Reset, then SetReversed or SetString, of which the last one
// counts, Finish. It allocates nothing but errors, and serves one goroutine. The zero value has no buffer. After an
// error every call returns that error, until Reset.
type Builder struct {
	room    room.Buffer
	payload []byte // nil without Reset
	done    bool
	err     error
}

// Reset starts a response in dst, which the builder borrows until Finish; what dst holds does not matter. When dst is
// too short, grow is asked for more (see codec.Grow); nil says that dst is all there is. The string is empty if none
// is set. Error: codec.ErrOverflow, with that of grow.
func (b *Builder) Reset(dst []byte, grow codec.Grow) error {
	*b = Builder{room: room.New(dst, grow)}
	return b.SetString("")
}

// SetReversed answers with the bytes of s reversed. They are not kept, and must not be in the response's buffer.
// Error: codec.ErrOverflow, with that of Grow.
func (b *Builder) SetReversed(s codec.StrView) error {
	if err := b.length(s.Len()); err != nil {
		return err
	}
	Reverse(b.payload[offBytes:], s.Bytes())
	return nil
}

// SetString answers with s as it is. Error: codec.ErrOverflow, with that of Grow.
func (b *Builder) SetString(s string) error {
	if err := b.length(len(s)); err != nil {
		return err
	}
	copy(b.payload[offBytes:], s)
	return nil
}

// length makes the payload that of a string of n bytes.
func (b *Builder) length(n int) error {
	b.done = false
	if b.err != nil {
		return b.err
	}
	end := size(n)
	if err := b.room.Ensure(end); err != nil {
		b.err = codec.FieldError(layoutResponse, "", err)
		return b.err
	}
	b.payload = b.room.B[:end:end]
	return nil
}

// Err returns the error that ended the building, or nil.
func (b *Builder) Err() error { return b.err }

// Finish completes the payload and returns its size in bytes; it lies at the start of the buffer, see Bytes. Another
// Finish returns the same. Errors: that of an earlier call; codec.ErrOverflow when there never was a Reset.
func (b *Builder) Finish() (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.payload == nil {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	frame(b.payload)
	b.done = true
	return len(b.payload), nil
}

// Bytes returns the payload after Finish, nil before: the start of the buffer given to Reset, or of the last that
// Grow returned. Valid until that buffer is used again; copy to keep.
func (b *Builder) Bytes() []byte {
	if !b.done {
		return nil
	}
	return b.payload
}
