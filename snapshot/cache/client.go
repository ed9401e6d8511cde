package cache

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
)

// Kind says what there is to know about a value that one request brings.
type Kind[Req, View, T any] struct {
	// Request is what to ask, always the same.
	Request Req
	// Make makes a value of an answer, with whatever its lookups need. An error keeps the old value and leaves the
	// session alone: the answer was judged good.
	Make func(a Answer[View]) (T, error)
	// GenerationAt is where in an answer its generation lies, as a number of eight bytes: in bytes from the start;
	// 0: it has none. An answer that is the same in all other bytes is not even decoded.
	GenerationAt int
}

// Answer is what a provider sent, and what it means. It is the cache's own copy, which the decoder has judged: the
// cache keeps it in order to recognise it, and a value may have parts of it for as long as it likes. Nobody may write
// to it.
type Answer[View any] struct {
	View    View // of Payload
	Payload []byte
}

// Client is a Source that makes one request. Its Control connects, aborts and knows the session.
type Client[T any] struct {
	service.Control
	fetch func(ctx context.Context, old *Snapshot[T]) (Fetched[T], error)
}

// NewClient returns a client for the endpoint of d. It does no I/O and needs no provider.
func NewClient[M service.Method[Req, View], Req, View, T any](d link.Dialer, cfg service.Config, k Kind[Req, View, T]) *Client[T] {
	last := &known{generationAt: k.GenerationAt}
	client := service.NewClientOf(d, cfg, method[Req, View, M]{last: last})
	var a received[View] // by one Fetch at a time
	take := func(r received[View]) error { a = r; return nil }
	fetch := func(ctx context.Context, old *Snapshot[T]) (f Fetched[T], err error) {
		if old == nil {
			last.payload = nil // what this client knows is in another cache
		}
		if err := client.Call(ctx, k.Request, take); err != nil {
			return f, err
		}
		f.Generation, f.Unchanged = a.generation, a.same
		if a.same {
			return f, nil
		}
		made := a.Answer
		a = received[View]{}
		if f.Value, err = k.Make(made); err == nil {
			last.payload = made.Payload
		}
		return f, err
	}
	return &Client[T]{client.Control, fetch}
}

// Fetch implements Source.
func (c *Client[T]) Fetch(ctx context.Context, old *Snapshot[T]) (Fetched[T], error) {
	return c.fetch(ctx, old)
}

// received is an answer that has been compared with what is known. If it says the same, there is no Answer.
type received[View any] struct {
	Answer[View]
	generation uint64
	same       bool
}

// known is the answer that the value in the cache was made of. It belongs to whoever fetches.
type known struct {
	payload      []byte // empty: none
	generationAt int
}

const generationSize = 8

// where returns where the generation of a payload lies: from and to are both 0 if it has none.
func (k *known) where(b []byte) (from, to int) {
	if k.generationAt <= 0 || len(b)-generationSize < k.generationAt {
		return 0, 0
	}
	return k.generationAt, k.generationAt + generationSize
}

func (k *known) generation(b []byte) uint64 {
	if from, to := k.where(b); to > 0 {
		return binary.NativeEndian.Uint64(b[from:to])
	}
	return 0
}

// is reports whether b says the same, whatever its generation.
func (k *known) is(b []byte) bool {
	if len(b) == 0 || len(b) != len(k.payload) {
		return false
	}
	from, to := k.where(b)
	return bytes.Equal(k.payload[:from], b[:from]) && bytes.Equal(k.payload[to:], b[to:])
}

// method is M for a client that compares before it decodes. What is known was judged good, and so is what is equal to
// it: no decoder looks at the generation. What is not known is copied first, so that what is judged is what is kept.
type method[Req, View any, M service.Method[Req, View]] struct {
	m    M
	last *known
}

func (m method[Req, View, M]) Code() codec.Method    { return m.m.Code() }
func (m method[Req, View, M]) RequestSize(r Req) int { return m.m.RequestSize(r) }
func (m method[Req, View, M]) EncodeRequest(dst []byte, r Req) (int, error) {
	return m.m.EncodeRequest(dst, r)
}

func (m method[Req, View, M]) DecodeResponse(b []byte) (received[View], error) {
	if m.last.is(b) {
		return received[View]{generation: m.last.generation(b), same: true}, nil
	}
	own := bytes.Clone(b)
	v, err := m.m.DecodeResponse(own)
	return received[View]{Answer[View]{v, own}, m.last.generation(own), false}, err
}
