// Package ipasn is a service of a user's own: ip-to-asn, which tells the autonomous system that an IP address belongs
// to. Copy the directory, and change the method code, the layouts and the names.
//
// It has what every service has: two layouts with an encoder and a decoder each, a Method for clients, a Responder
// for servers, and a client and a server that are the generic ones with these types filled in.
package ipasn

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Code is the method's number. Codes from codec.MethodUser on belong to users, who agree on them among themselves.
const Code = codec.MethodUser + 1

// ServiceName is what servers listen at and clients dial, within a run directory.
const ServiceName = "ip-to-asn"

// The layouts, in host byte order: peers share a machine. All numbers of the package are here.
//
//	request                    response
//	0 u16 layout_version=1     0 u16 layout_version=1    8 u32 name_offset
//	2 u16 flags=0              2 u16 flags=0            12 u32 name_length
//	4 16 bytes address         4 u32 asn, 0 unknown     16 name NUL
//
// An IPv4 address is the IPv6 address it is mapped to. The name's offset is from the start of the payload.
const (
	version = 1

	offVersion = 0
	offFlags   = 2
	offAddr    = 4
	offASN     = 4
	offNameOff = 8
	offNameLen = 12

	requestSize  = 20
	responseSize = 16 // without the name

	request  = "IP_TO_ASN request" // for errors
	response = "IP_TO_ASN response"
)

func putPreamble(b []byte) {
	binary.NativeEndian.PutUint16(b[offVersion:], version)
	binary.NativeEndian.PutUint16(b[offFlags:], 0)
}

// checkPreamble judges what both layouts begin with, and that the fixed part is there.
func checkPreamble(b []byte, layout string, size int) error {
	switch {
	case len(b) < size:
		return codec.FieldError(layout, "", codec.ErrTruncated)
	case binary.NativeEndian.Uint16(b[offVersion:]) != version:
		return codec.FieldError(layout, "layout_version", codec.ErrBadLayout)
	case binary.NativeEndian.Uint16(b[offFlags:]) != 0:
		return codec.FieldError(layout, "flags", codec.ErrBadLayout)
	}
	return nil
}

// EncodeRequest writes the request for an address to the start of dst and returns its size.
func EncodeRequest(dst []byte, addr netip.Addr) (int, error) {
	if !addr.IsValid() || addr.Zone() != "" {
		return 0, codec.FieldError(request, "address", codec.ErrBadLayout)
	}
	if len(dst) < requestSize {
		return 0, codec.FieldError(request, "", codec.ErrOverflow)
	}
	putPreamble(dst)
	a := addr.As16()
	copy(dst[offAddr:], a[:])
	return requestSize, nil
}

// DecodeRequest reads a request. What it returns is a value: nothing is borrowed.
func DecodeRequest(b []byte) (netip.Addr, error) {
	if err := checkPreamble(b, request, requestSize); err != nil {
		return netip.Addr{}, err
	}
	return netip.AddrFrom16([16]byte(b[offAddr:requestSize])).Unmap(), nil
}

// View is a response. It borrows the payload: valid as long as that; copy the name to keep it.
type View struct {
	asn  uint32
	name codec.StrView
}

// ASN returns the number of the autonomous system, 0 if it is not known.
func (v View) ASN() uint32 { return v.asn }

// Name returns the borrowed name of the autonomous system.
func (v View) Name() codec.StrView { return v.name }

// DecodeResponse validates a response whole, so that reading the view cannot fail. Nothing that the peer wrote is
// trusted: sums are made in 64 bits, and every byte that is read was proved to be there.
func DecodeResponse(b []byte) (View, error) {
	if err := checkPreamble(b, response, responseSize); err != nil {
		return View{}, err
	}
	start := uint64(binary.NativeEndian.Uint32(b[offNameOff:]))
	end := start + uint64(binary.NativeEndian.Uint32(b[offNameLen:]))
	switch {
	case start < responseSize:
		return View{}, codec.FieldError(response, "name_offset", codec.ErrOutOfBounds)
	case end >= uint64(len(b)): // there is a NUL at end
		return View{}, codec.FieldError(response, "name_length", codec.ErrOutOfBounds)
	case b[end] != 0:
		return View{}, codec.FieldError(response, "name", codec.ErrMissingNUL)
	}
	name := codec.MakeStrView(b[start:end:end])
	for _, c := range name.Bytes() {
		if c == 0 {
			return View{}, codec.FieldError(response, "name", codec.ErrInteriorNUL)
		}
	}
	return View{asn: binary.NativeEndian.Uint32(b[offASN:]), name: name}, nil
}

// Builder writes a response straight into the buffer that is sent. An error lasts until Reset, so that a handler may
// ignore it: Finish returns it.
type Builder struct {
	buf  []byte
	grow codec.Grow
	size int
	err  error
}

// Reset starts a response in dst, which grow enlarges; nil: dst is all there is. The answer is "unknown" until Set.
func (b *Builder) Reset(dst []byte, grow codec.Grow) error {
	*b = Builder{buf: dst, grow: grow}
	return b.Set(0, "")
}

// Set answers with a system. The last call counts.
func (b *Builder) Set(asn uint32, name string) error {
	if b.err != nil {
		return b.err
	}
	if strings.IndexByte(name, 0) >= 0 {
		b.err = codec.FieldError(response, "name", codec.ErrInteriorNUL)
		return b.err
	}
	size := uint64(responseSize) + uint64(len(name)) + 1
	if err := b.ensure(size); err != nil {
		b.err = codec.FieldError(response, "", err)
		return b.err
	}
	b.size = int(size)
	putPreamble(b.buf)
	binary.NativeEndian.PutUint32(b.buf[offASN:], asn)
	binary.NativeEndian.PutUint32(b.buf[offNameOff:], responseSize)
	binary.NativeEndian.PutUint32(b.buf[offNameLen:], uint32(len(name)))
	copy(b.buf[responseSize:], name)
	b.buf[b.size-1] = 0 // the buffer may hold anything
	return nil
}

// ensure makes room for n bytes. A refusal wraps codec.ErrOverflow, by which the server knows that the answer does
// not fit, and what Grow said.
func (b *Builder) ensure(n uint64) error {
	switch {
	case n <= uint64(len(b.buf)):
		return nil
	case b.grow == nil || n > math.MaxInt32:
		return codec.ErrOverflow
	}
	grown, err := b.grow(int(n))
	if err != nil {
		return fmt.Errorf("%w: %w", codec.ErrOverflow, err)
	}
	b.buf = grown // the old buffer is dead
	return nil
}

// Finish returns the size of the response, which lies at the start of the buffer.
func (b *Builder) Finish() (int, error) { return b.size, b.err }

// Method is the service as clients know it. It has no size: it only gives the generic client its functions.
type Method struct{}

var _ service.Method[netip.Addr, View] = Method{}

// Code implements service.Method.
func (Method) Code() codec.Method { return Code }

// RequestSize implements service.Method.
func (Method) RequestSize(netip.Addr) int { return requestSize }

// EncodeRequest implements service.Method.
func (Method) EncodeRequest(dst []byte, a netip.Addr) (int, error) { return EncodeRequest(dst, a) }

// DecodeResponse implements service.Method.
func (Method) DecodeResponse(b []byte) (View, error) { return DecodeResponse(b) }

// Responder is the service as servers know it.
type Responder struct{}

var _ service.Responder[netip.Addr, Builder] = Responder{}

// Code implements service.Responder.
func (Responder) Code() codec.Method { return Code }

// Batchable implements service.Responder: many addresses may come in one message.
func (Responder) Batchable() bool { return true }

// DecodeRequest implements service.Responder.
func (Responder) DecodeRequest(b []byte) (netip.Addr, error) { return DecodeRequest(b) }

// Begin implements service.Responder.
func (Responder) Begin(out *Builder, _ netip.Addr, dst []byte, grow codec.Grow) error {
	return out.Reset(dst, grow)
}

// Finish implements service.Responder.
func (Responder) Finish(out *Builder) (int, error) { return out.Finish() }

// Client asks for systems. Refresh, Status, Close and the like come from service.Control. Any number of goroutines
// may share one.
type Client struct {
	service.Control
	c *service.Client[netip.Addr, View, Method]
}

// NewClient returns a client for the endpoint of d, without any I/O.
func NewClient(d link.Dialer, cfg service.Config) *Client {
	c := service.NewClient[netip.Addr, View, Method](d, cfg)
	return &Client{Control: c.Control, c: c}
}

// Lookup returns the system of an address, owned.
func (c *Client) Lookup(ctx context.Context, addr netip.Addr) (asn uint32, name string, err error) {
	err = c.View(ctx, addr, func(v View) error {
		asn, name = v.ASN(), v.Name().String()
		return nil
	})
	return asn, name, err
}

// View passes the answer to use without copying it. The view dies when use returns.
func (c *Client) View(ctx context.Context, addr netip.Addr, use func(View) error) error {
	return c.c.Call(ctx, addr, use)
}

// Handler answers one address by Set of out; without that the answer is "unknown".
type Handler = service.Handler[netip.Addr, Builder]

// Server serves the service.
type Server = service.Server[netip.Addr, Builder, Responder]

// NewServer returns a server for the clients of l.
func NewServer(l link.Listener, cfg service.ServerConfig, h Handler) *Server {
	return service.NewServer[Responder](l, cfg, h)
}
