package service_test

import (
	"context"
	"encoding/binary"
	"log/slog"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	typed "github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// flood is a server's session in which the next request, an INCREMENT, is there at once, left times.
type flood struct {
	link.Conn
	buf, in []byte
	left    int
	sum     uint64 // of the answers
}

func (f *flood) Reserve(n int) ([]byte, error) { return f.buf[:n], nil }
func (f *flood) Cancel()                       {}
func (f *flood) Commit(_ wire.Header, n int, _ *link.Deadline) error {
	f.sum += binary.NativeEndian.Uint64(f.buf[:n])
	return nil
}
func (f *flood) Recv(m *link.Message, _ *link.Deadline) error {
	if f.left--; f.left < 0 {
		return link.ErrPeerClosed
	}
	m.Set(wire.Header{Kind: wire.KindRequest, Code: uint16(codec.MethodIncrement), ItemCount: 1, PayloadLen: 8}, f.in)
	return nil
}
func (f *flood) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	return link.InTurn(f, h, n, m, d, sent)
}

// flooded returns l with sessions that are f.
func flooded(l link.Listener, f *flood) link.Listener {
	return servicetest.Wrap(l, func(conn link.Conn) link.Conn {
		f.Conn = conn
		return f
	})
}

// BenchmarkServerEngine is a server whose client is always there with the next request: no transport, and no other
// goroutine. bare is what the session, the codec and the handler do without an engine.
func BenchmarkServerEngine(b *testing.B) {
	newFlood := func(n int) *flood { return &flood{buf: make([]byte, 64), in: make([]byte, 40), left: n} }
	b.Run("serve", func(b *testing.B) {
		net := linktest.NewNetwork()
		l, err := net.Listen("increment", linktest.ListenConfig{})
		if err != nil {
			b.Fatal(err)
		}
		f := newFlood(b.N)
		ended := make(chan struct{})
		cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler), OnEvent: func(e link.Event) {
			switch e.Kind {
			case link.EventAccept:
				b.ResetTimer()
			case link.EventEnd:
				b.StopTimer()
				close(ended)
			}
		}}
		s := typed.NewServer(flooded(l, f), cfg, typed.Next)
		served := make(chan error, 1)
		go func() { served <- s.Serve(context.Background()) }()
		b.ReportAllocs()
		c, err := net.Dialer("increment").Dial(context.Background(), link.Proposal{})
		if err != nil {
			b.Fatal(err)
		}
		<-ended
		c.Close()
		s.Close()
		if err := linktest.Await(b, "Serve", served); err != nil || f.sum != uint64(b.N) {
			b.Errorf("the sum of %d answers is %d; %v", b.N, f.sum, err)
		}
	})
	b.Run("bare", func(b *testing.B) {
		var r typed.Responder
		var out typed.Answer
		var m link.Message
		f := newFlood(b.N)
		var conn link.Conn = f
		err := conn.Recv(&m, nil)
		for err == nil {
			v, _ := r.DecodeRequest(m.Payload)
			buf, _ := conn.Reserve(64)
			r.Begin(&out, v, buf, nil)
			v, _ = typed.Next(context.Background(), v)
			out.Set(v)
			n, _ := r.Finish(&out)
			_, err = conn.Exchange(wire.Header{Kind: wire.KindResponse, Code: m.Header.Code, ItemCount: 1}, n, &m, nil, nil)
		}
		if f.sum != uint64(b.N) {
			b.Errorf("the sum of %d answers is %d", b.N, f.sum)
		}
	})
}
