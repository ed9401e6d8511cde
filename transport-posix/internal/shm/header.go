package shm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Why a region cannot be used.
var (
	// ErrCannotAttach: the server speaks of a region that this process cannot use. What is wrong with it is wrapped.
	ErrCannotAttach = errors.New("cannot attach to the shared memory")
	// ErrNotReady: its server has not finished making it, or it is no region.
	ErrNotReady = errors.New("not ready")
	// ErrBadRegion: it is complete and makes no sense.
	ErrBadRegion = errors.New("bad region of shared memory")
)

// Header is the part of a region's header that is written once.
type Header struct {
	OwnerPID        int32
	OwnerGeneration uint32
	Geometry
}

// DecodeHeader judges a copy of the first bytes of a file that is size bytes long. Errors: ErrNotReady for one that
// is too short, has another magic, or a zero where none may be; ErrBadRegion for a wrong version, header_len,
// alignment or order, or areas that are not inside the file.
func DecodeHeader(b []byte, size uint64) (Header, error) {
	h, err := peek(b)
	if err != nil {
		return Header{}, err
	}
	version, length := binary.NativeEndian.Uint16(b[OffVersion:]), binary.NativeEndian.Uint16(b[OffHeaderLen:])
	for _, f := range []struct {
		name string
		zero bool
	}{
		{"version", version == 0}, {"header_len", length == 0},
		{"owner_pid", h.OwnerPID == 0}, {"owner_generation", h.OwnerGeneration == 0},
		{"request_offset", h.RequestOffset == 0}, {"request_capacity", h.RequestCapacity == 0},
		{"response_offset", h.ResponseOffset == 0}, {"response_capacity", h.ResponseCapacity == 0},
	} {
		if f.zero {
			return Header{}, fmt.Errorf("%w: %s is zero", ErrNotReady, f.name)
		}
	}
	switch {
	case version != Version:
		return Header{}, fmt.Errorf("%w: version %d, this is made for %d", ErrBadRegion, version, Version)
	case length != HeaderSize:
		return Header{}, fmt.Errorf("%w: header_len %d, not %d", ErrBadRegion, length, HeaderSize)
	}
	if err := h.Geometry.check(size); err != nil {
		return Header{}, err
	}
	return h, nil
}

// peek reads the fields of something that has the magic of a region, whatever they are.
func peek(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: %d bytes, a header has %d", ErrNotReady, len(b), HeaderSize)
	}
	word := func(off int) uint32 { return binary.NativeEndian.Uint32(b[off:]) }
	if magic := word(OffMagic); magic != Magic {
		return Header{}, fmt.Errorf("%w: magic %#08x, not %#08x", ErrNotReady, magic, uint32(Magic))
	}
	return Header{
		OwnerPID:        int32(word(OffOwnerPID)),
		OwnerGeneration: word(OffOwnerGeneration),
		Geometry: Geometry{
			RequestOffset: word(OffRequestOffset), RequestCapacity: word(OffRequestCapacity),
			ResponseOffset: word(OffResponseOffset), ResponseCapacity: word(OffResponseCapacity),
		},
	}, nil
}

// put writes the header of a new region: all its bytes, sequences and signals at zero.
func (h Header) put(b []byte) {
	clear(b[:HeaderSize])
	word := func(off int, v uint32) { binary.NativeEndian.PutUint32(b[off:], v) }
	word(OffMagic, Magic)
	binary.NativeEndian.PutUint16(b[OffVersion:], Version)
	binary.NativeEndian.PutUint16(b[OffHeaderLen:], HeaderSize)
	word(OffOwnerPID, uint32(h.OwnerPID))
	word(OffOwnerGeneration, h.OwnerGeneration)
	word(OffRequestOffset, h.RequestOffset)
	word(OffRequestCapacity, h.RequestCapacity)
	word(OffResponseOffset, h.ResponseOffset)
	word(OffResponseCapacity, h.ResponseCapacity)
}
