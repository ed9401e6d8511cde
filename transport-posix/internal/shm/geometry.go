package shm

import (
	"errors"
	"fmt"
	"math"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// ErrTooBig: the agreed limits need a region that its header cannot describe, or that this process cannot map.
var ErrTooBig = errors.New("too big for a region of shared memory")

// Geometry says where the two areas of a region lie. Offsets are from its start; all are bytes and multiples
// of Align.
type Geometry struct {
	RequestOffset, RequestCapacity   uint32
	ResponseOffset, ResponseCapacity uint32
}

// Size returns the size of the file, in bytes: it ends with the area that reaches furthest.
func (g Geometry) Size() uint64 {
	return max(end(g.RequestOffset, g.RequestCapacity), end(g.ResponseOffset, g.ResponseCapacity))
}

// GeometryFor lays out a region for messages of the agreed limits: the request area behind the header, the
// response area right behind it, each with room for a header and the largest payload (spec 03, 15-p). Error:
// ErrTooBig (spec 15-k).
func GeometryFor(l link.Limits) (Geometry, error) {
	request, response := capacity(l.RequestPayload), capacity(l.ResponsePayload)
	if whole := HeaderSize + request + response; whole > min(math.MaxUint32, math.MaxInt) {
		return Geometry{}, fmt.Errorf("%w: requests of %d bytes and responses of %d need %d", ErrTooBig, l.RequestPayload, l.ResponsePayload, whole)
	}
	return Geometry{
		RequestOffset:    HeaderSize,
		RequestCapacity:  uint32(request),
		ResponseOffset:   uint32(HeaderSize + request),
		ResponseCapacity: uint32(response),
	}, nil
}

// capacity returns the size of an area for one message, in 64 bits, where nothing wraps.
func capacity(payload uint32) uint64 {
	return (uint64(payload) + wire.HeaderSize + Align - 1) &^ (Align - 1)
}

func end(offset, capacity uint32) uint64 { return uint64(offset) + uint64(capacity) }

// check judges areas that a header describes, in a file of size bytes.
func (g Geometry) check(size uint64) error {
	for _, f := range []struct {
		name  string
		value uint32
	}{
		{"request_offset", g.RequestOffset}, {"request_capacity", g.RequestCapacity},
		{"response_offset", g.ResponseOffset}, {"response_capacity", g.ResponseCapacity},
	} {
		if f.value%Align != 0 {
			return fmt.Errorf("%w: %s is %d, not a multiple of %d", ErrBadRegion, f.name, f.value, Align)
		}
	}
	switch {
	case g.RequestOffset < HeaderSize:
		return fmt.Errorf("%w: the request area begins at %d, inside the header", ErrBadRegion, g.RequestOffset)
	case uint64(g.ResponseOffset) < end(g.RequestOffset, g.RequestCapacity):
		return fmt.Errorf("%w: the response area begins at %d, before the request area ends at %d", ErrBadRegion, g.ResponseOffset, end(g.RequestOffset, g.RequestCapacity))
	case g.Size() > size:
		return fmt.Errorf("%w: its areas end at %d, the file at %d", ErrBadRegion, g.Size(), size)
	case g.Size() > math.MaxInt:
		return fmt.Errorf("%w: %w: %d bytes", ErrBadRegion, ErrTooBig, g.Size())
	}
	return nil
}
