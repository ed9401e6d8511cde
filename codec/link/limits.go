package link

import "github.com/plugin-ipc/netipc/codec/wire"

// Defaults of spec 01 ("Limits and defaults"). They are starting points, not limits of the protocol:
// configuration decides.
const (
	// DefaultPayload is what either side starts with when nothing is configured, in bytes.
	DefaultPayload = 1024
	// DefaultResponseCeiling is the response limit that our servers start with, in bytes (spec 01, 15-o).
	DefaultResponseCeiling = 64 << 10
	// GrowthCeiling bounds automatic growth of limits when nobody configured more, in bytes.
	GrowthCeiling = 1 << 20
	// DefaultItems is the default number of batch items.
	DefaultItems = 1
	// DefaultDepth is how many requests a client keeps outstanding on one session.
	DefaultDepth = 64

	// MinPacket is the smallest packet size that two peers can agree on, in bytes: a header and one byte.
	MinPacket = wire.HeaderSize + 1
)

// Limits are what the peers of a session agreed on. Payload sizes are in bytes, without the header.
type Limits struct {
	RequestPayload  uint32
	RequestItems    uint32
	ResponsePayload uint32
	ResponseItems   uint32
	Packet          uint32 // bytes, header included
}

// of returns the limits of one direction.
func (l Limits) of(k wire.Kind) (payload, items uint32) {
	if k == wire.KindRequest {
		return l.RequestPayload, l.RequestItems
	}
	return l.ResponsePayload, l.ResponseItems
}

// Proposal is what a client asks for. The zero value of a field gives the default in its comment.
type Proposal struct {
	Supported       wire.Profile // default: baseline; what the transport does not offer is left out
	Preferred       wire.Profile // default: Supported
	RequestPayload  uint32       // bytes; default DefaultPayload
	RequestItems    uint32       // default DefaultItems
	ResponsePayload uint32       // bytes, a hint; default DefaultPayload
	ResponseItems   uint32       // a hint; default RequestItems
	AuthToken       uint64
	Packet          uint32 // bytes; default: the transport's largest
	Depth           int    // requests outstanding on one session; default DefaultDepth, never sent
}

// WithDefaults fills in zero fields; profiles and packet are the transport's defaults.
func (p Proposal) WithDefaults(profiles wire.Profile, packet uint32) Proposal {
	def(&p.Supported, profiles)
	def(&p.Preferred, p.Supported)
	def(&p.RequestPayload, DefaultPayload)
	def(&p.RequestItems, DefaultItems)
	def(&p.ResponsePayload, DefaultPayload)
	def(&p.ResponseItems, p.RequestItems)
	def(&p.Packet, packet)
	def(&p.Depth, DefaultDepth)
	return p
}

// Settings is what a server brings into the negotiation of one session. The zero value of a field gives the
// default in its comment.
type Settings struct {
	Supported       wire.Profile // default: baseline; what the transport does not offer is left out
	Preferred       wire.Profile // default: Supported
	RequestPayload  uint32       // bytes, largest proposal accepted; default GrowthCeiling
	ResponsePayload uint32       // bytes, the current response ceiling; default DefaultResponseCeiling
	AuthToken       uint64
	Packet          uint32 // bytes; default: the transport's largest
	SessionID       uint64
}

// WithDefaults fills in zero fields; profiles and packet are the transport's defaults.
func (s Settings) WithDefaults(profiles wire.Profile, packet uint32) Settings {
	def(&s.Supported, profiles)
	def(&s.Preferred, s.Supported)
	def(&s.RequestPayload, GrowthCeiling)
	def(&s.ResponsePayload, DefaultResponseCeiling)
	def(&s.Packet, packet)
	return s
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
