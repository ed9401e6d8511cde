package v3peer

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// HeaderSize is the size of the header of a region, in bytes.
const HeaderSize = 64

// The header (spec 03).
//
//	0 u32 magic      12 u32 owner_generation   24 u32 response_offset    40 u64 resp_seq   56 u32 req_signal
//	4 u16 version    16 u32 request_offset     28 u32 response_capacity  48 u32 req_len    60 u32 resp_signal
//	6 u16 header_len 20 u32 request_capacity   32 u64 req_seq            52 u32 resp_len
//	8 i32 owner_pid
const (
	magic   = 0x4e53484d
	version = 3
	align   = 64

	offMagic            = 0
	offVersion          = 4
	offHeaderLen        = 6
	offOwnerPID         = 8
	offGeneration       = 12
	offRequest          = 16
	offRequestCapacity  = 20
	offResponse         = 24
	offResponseCapacity = 28
	offRequestSeq       = 32
	offResponseSeq      = 40
	offRequestLen       = 48
	offResponseLen      = 52
	offRequestSignal    = 56
	offResponseSignal   = 60
)

// ErrNotReady: this is no region, or not yet.
var ErrNotReady = errors.New("not a region, or not yet")

// ErrBadRegion: this is a region that makes no sense.
var ErrBadRegion = errors.New("bad region")

// Plan is where the two areas of a region lie, in bytes.
type Plan struct {
	request, requestCapacity   uint32
	response, responseCapacity uint32
}

// PlanFor makes room for a message of that payload in each direction.
func PlanFor(requestPayload, responsePayload uint32) Plan {
	room := func(payload uint32) uint32 { return (wire.HeaderSize + payload + align - 1) / align * align }
	p := Plan{request: HeaderSize, requestCapacity: room(requestPayload), responseCapacity: room(responsePayload)}
	p.response = p.request + p.requestCapacity
	return p
}

// Size is the size of the region.
func (p Plan) Size() int64 { return int64(p.response) + int64(p.responseCapacity) }

// Format makes zeroed memory a region. The magic number comes last: whoever attaches waits for it.
func Format(mem []byte, p Plan, pid int, generation uint32) {
	ne := binary.NativeEndian
	ne.PutUint16(mem[offVersion:], version)
	ne.PutUint16(mem[offHeaderLen:], HeaderSize)
	ne.PutUint32(mem[offOwnerPID:], uint32(pid))
	ne.PutUint32(mem[offGeneration:], generation)
	ne.PutUint32(mem[offRequest:], p.request)
	ne.PutUint32(mem[offRequestCapacity:], p.requestCapacity)
	ne.PutUint32(mem[offResponse:], p.response)
	ne.PutUint32(mem[offResponseCapacity:], p.responseCapacity)
	ne.PutUint32(mem[offMagic:], magic)
}

// ReadPlan reads where the areas lie from the header and holds it against the size of the file. Errors: ErrNotReady,
// ErrBadRegion.
func ReadPlan(header []byte, size int64) (Plan, error) {
	ne := binary.NativeEndian
	if len(header) < HeaderSize || ne.Uint32(header[offMagic:]) != magic {
		return Plan{}, ErrNotReady
	}
	p := Plan{
		request:          ne.Uint32(header[offRequest:]),
		requestCapacity:  ne.Uint32(header[offRequestCapacity:]),
		response:         ne.Uint32(header[offResponse:]),
		responseCapacity: ne.Uint32(header[offResponseCapacity:]),
	}
	v, length := ne.Uint16(header[offVersion:]), ne.Uint16(header[offHeaderLen:])
	switch {
	case v == 0 || length == 0 || p.request == 0 || p.requestCapacity == 0 || p.response == 0 || p.responseCapacity == 0:
		return Plan{}, ErrNotReady
	case v != version || length != HeaderSize:
		return Plan{}, fmt.Errorf("%w: version %d, a header of %d bytes", ErrBadRegion, v, length)
	case (p.request|p.requestCapacity|p.response|p.responseCapacity)%align != 0:
		return Plan{}, fmt.Errorf("%w: %+v is not in multiples of %d", ErrBadRegion, p, align)
	case p.request < HeaderSize, int64(p.response) < int64(p.request)+int64(p.requestCapacity), p.Size() > size:
		return Plan{}, fmt.Errorf("%w: %+v does not fit %d bytes in this order", ErrBadRegion, p, size)
	}
	return p, nil
}
