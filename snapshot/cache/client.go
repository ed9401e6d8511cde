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
	m := method[Req, View, M]{at: &arrived[View]{generationAt: k.GenerationAt}}
	client := service.NewClientOf(d, cfg, m)
	fetch := func(ctx context.Context, old *Snapshot[T]) (f Fetched[T], err error) {
		if old == nil {
			m.at.known = nil // what this client knows is in another cache
		}
		if err := client.Call(ctx, k.Request, enough); err != nil {
			return f, err
		}
		f.Generation, f.Unchanged = m.at.generation, m.at.same
		if f.Unchanged {
			return f, nil
		}
		a := m.at.answer
		m.at.answer = Answer[View]{}
		if f.Value, err = k.Make(a); err == nil {
			m.at.known = a.Payload
		}
		return f, err
	}
	return &Client[T]{client.Control, fetch}
}

// enough takes an answer when all has been done that is to be done while it is borrowed.
func enough(seen) error { return nil }

// Fetch implements Source.
func (c *Client[T]) Fetch(ctx context.Context, old *Snapshot[T]) (Fetched[T], error) {
	return c.fetch(ctx, old)
}

// arrived is what has come of a request. It belongs to whoever fetches, which is one at a time.
type arrived[View any] struct {
	known        []byte // what the value in the cache was made of; empty: nothing
	generationAt int

	generation uint64
	same       bool         // as known, but for the generation
	answer     Answer[View] // if it is not
}

const generationSize = 8

// where returns where the generation of a payload lies: from and to are both 0 if it has none.
func (k *arrived[View]) where(b []byte) (from, to int) {
	if k.generationAt <= 0 || len(b)-generationSize < k.generationAt {
		return 0, 0
	}
	return k.generationAt, k.generationAt + generationSize
}

// is compares b with what is known, and notes its generation.
func (k *arrived[View]) is(b []byte) bool {
	from, to := k.where(b)
	k.generation, k.same = 0, false
	if to > 0 {
		k.generation = binary.NativeEndian.Uint64(b[from:to])
	}
	if len(b) == 0 || len(b) != len(k.known) {
		return false
	}
	k.same = bytes.Equal(k.known[:from], b[:from]) && bytes.Equal(k.known[to:], b[to:])
	return k.same
}

// seen is the View of an answer that arrived has already.
type seen struct{}

// method is M for a client that compares before it decodes. What is known was judged good, and so is what is equal to
// it: no decoder looks at the generation. What is not known is copied first, so that what is judged is what is kept.
type method[Req, View any, M service.Method[Req, View]] struct {
	m  M
	at *arrived[View]
}

func (m method[Req, View, M]) Code() codec.Method    { return m.m.Code() }
func (m method[Req, View, M]) RequestSize(r Req) int { return m.m.RequestSize(r) }
func (m method[Req, View, M]) EncodeRequest(dst []byte, r Req) (int, error) {
	return m.m.EncodeRequest(dst, r)
}

func (m method[Req, View, M]) DecodeResponse(b []byte) (seen, error) {
	if m.at.is(b) {
		return seen{}, nil
	}
	own := bytes.Clone(b)
	v, err := m.m.DecodeResponse(own)
	if err == nil {
		m.at.answer = Answer[View]{v, own}
	}
	return seen{}, err
}
