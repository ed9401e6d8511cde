package applookup

import (
	"encoding/binary"
	"iter"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Request is the process ids that are asked for, owned. They may be any numbers, and may repeat. A request for
// nothing is legal: it asks whether somebody answers.
type Request []uint32

// Size returns the size of the encoded request in bytes. One that no payload can have, EncodeRequest refuses.
func (r Request) Size() int { return int(min(r.size(), bounds.MaxSize)) }

func (r Request) size() uint64 { return lookup.PackedStart(len(r)) + uint64(len(r))*keySize }

// Fit returns how many of the first pids can be asked for at once: the request takes at most request bytes, and the
// shortest answers to all of them fit response bytes, without which a server refuses it. 0 if the first is too much.
func (r Request) Fit(request, response int) int { return r.FitMore(request, response, 0) }

// FitMore is Fit for a client that expects each item of the answer to take more bytes more than the shortest.
func (r Request) FitMore(request, response, more int) int {
	const perKey = lookup.EntrySize + keySize
	perAnswer := lookup.EntrySize + shortestRounded + limit(more)
	// The end of the last answer is not rounded up: what that would add counts as if it were there.
	asked := limit(request) - lookup.HeaderSize
	answered := limit(response) - lookup.HeaderSize + shortestRounded - shortest
	return max(0, int(min(int64(len(r)), asked/perKey, answered/perAnswer)))
}

// limit returns a limit as far as there can be a payload of that size.
func limit(n int) int64 { return int64(min(max(n, 0), bounds.MaxSize)) }

// EncodeRequest writes the canonical form of r to the start of dst and returns its size in bytes. May be called
// from any number of goroutines. Error: codec.ErrOverflow when dst is too short.
func EncodeRequest(dst []byte, r Request) (int, error) {
	if r.size() > min(uint64(len(dst)), bounds.MaxSize) {
		return 0, codec.FieldError(layoutRequest, "", codec.ErrOverflow)
	}
	p := lookup.NewPacker(dst, len(r))
	keys := p.Even(keySize)
	for i, pid := range r {
		key := (*[keySize]byte)(keys[i*keySize:])
		binary.NativeEndian.PutUint32(key[keyPID:], pid)
		binary.NativeEndian.PutUint32(key[keyZero:], 0)
	}
	return p.Header(0), nil
}

// RequestView is a request as it was received, validated once and whole, so that reading it cannot fail and does
// not allocate. It borrows the payload: valid until the payload's buffer is used again or written to; Clone to
// keep. Any number of goroutines may read one. The zero value asks for nothing.
type RequestView struct{ list lookup.List }

// DecodeRequest validates the payload b and returns a view of it. There may be bytes between the keys and after
// them that nobody owns. Errors: codec.ErrTruncated, codec.ErrBadLayout, codec.ErrBadAlignment,
// codec.ErrOutOfBounds.
func DecodeRequest(b []byte) (RequestView, error) {
	list, err := lookup.OpenEvenRequest(layoutRequest, b, keySize, clean, checkKey)
	return RequestView{list}, err
}

// clean reports whether checkKey has nothing against any of keys.
func clean(keys []byte) bool {
	dirt := uint32(0)
	for at := 0; at <= len(keys)-keySize; at += keySize {
		dirt |= binary.NativeEndian.Uint32(keys[at : at+keySize][keyZero:])
	}
	return dirt == 0
}

func checkKey(key []byte) (field string, err error) {
	switch {
	case len(key) != keySize:
		return "length", codec.ErrBadLayout
	case binary.NativeEndian.Uint32(key[keyZero:]) != 0:
		return "padding", codec.ErrBadLayout
	}
	return "", nil
}

// Len returns the number of pids.
func (v RequestView) Len() int { return v.list.Len() }

// even returns the keys, where they lie one right after the other, as clients send them; else nil.
func (v RequestView) even() []byte { return v.list.Even(keySize) }

// PID returns pid i. It panics when i is not below Len, as a slice does.
func (v RequestView) PID(i int) uint32 { return binary.NativeEndian.Uint32(v.list.Item(i)[keyPID:]) }

// All yields the pids in the order they are to be answered.
func (v RequestView) All() iter.Seq2[int, uint32] {
	return func(yield func(int, uint32) bool) {
		even := v.even()
		for i := range v.Len() {
			pid := uint32(0)
			if even != nil {
				pid = binary.NativeEndian.Uint32(even[i*keySize:][keyPID:])
			} else {
				pid = v.PID(i)
			}
			if !yield(i, pid) {
				return
			}
		}
	}
}
