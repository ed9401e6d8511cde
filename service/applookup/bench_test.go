package applookup_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// canned is a session with room for one request, whose answer is always the same and there at once.
type canned struct {
	link.Conn
	buf, answer []byte // answer with its header
}

func (c *canned) Info() link.Info {
	info := c.Conn.Info()
	info.Depth = 1
	return info
}
func (c *canned) Reserve(n int) ([]byte, error) { return c.buf[:n], nil }
func (c *canned) Exchange(h wire.Header, _ int, m *link.Message, _ *link.Deadline, _ func() error) (went bool, err error) {
	h.Kind, h.PayloadLen = wire.KindResponse, uint32(len(c.answer)-wire.HeaderSize)
	m.Set(h, append(m.Buffer(), c.answer...))
	return true, nil
}

// cannedDialer makes canned sessions.
type cannedDialer struct {
	link.Dialer
	conn *canned
}

func (d *cannedDialer) Dial(ctx context.Context, p link.Proposal) (link.Conn, error) {
	var err error
	d.conn.Conn, err = d.Dialer.Dial(ctx, p)
	return d.conn, err
}

// BenchmarkClient is what a client does for an answer that is there at once: a copy of it and all that comes behind, but
// no transport and no other goroutine.
func BenchmarkClient(b *testing.B) {
	for _, known := range []bool{true, false} {
		for _, keys := range []int{1, 16, 256, 4096} {
			b.Run(fmt.Sprintf("known=%v/keys=%d", known, keys), func(b *testing.B) {
				pids := make([]uint32, keys)
				var r payload.Response
				for i := range pids {
					pids[i] = uint32(i)
					r.Items = append(r.Items, item(pids[i], known))
				}
				size, err := r.Size()
				if err != nil {
					b.Fatal(err)
				}
				conn := &canned{buf: make([]byte, payload.Request(pids).Size()), answer: make([]byte, wire.HeaderSize+size)}
				if _, err := r.Encode(conn.answer[wire.HeaderSize:]); err != nil {
					b.Fatal(err)
				}
				net := linktest.NewNetwork()
				l, err := net.Listen(applookup.ServiceName, linktest.ListenConfig{})
				if err != nil {
					b.Fatal(err)
				}
				cfg := service.ServerConfig{MaxRequestPayload: link.GrowthCeiling, MaxResponsePayload: link.GrowthCeiling}
				s := applookup.NewServer(l, cfg, know)
				served := make(chan error, 1)
				go func() { served <- s.Serve(context.Background()) }()
				c := applookup.NewClient(&cannedDialer{net.Dialer(applookup.ServiceName), conn}, applookup.Config{Config: service.Config{
					Proposal: link.Proposal{RequestPayload: link.GrowthCeiling, ResponsePayload: link.GrowthCeiling},
				}})
				if _, err := c.Refresh(context.Background()); err != nil {
					b.Fatal(err)
				}
				ctx := context.Background()
				use := func(v applookup.AnswerView) error {
					for i, it := range v.All() {
						if it.PID() != pids[i] {
							b.Errorf("item %d is of %d", i, it.PID())
						}
					}
					return nil
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := c.View(ctx, pids, use); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/item")
				c.Close()
				s.Close()
				if err := linktest.Await(b, "Serve", served); err != nil {
					b.Error(err)
				}
			})
		}
	}
}

// flood is a server's session in which the next request is there at once, left times.
type flood struct {
	link.Conn
	buf, request []byte // request with its header
	left         int
}

func (f *flood) Reserve(n int) ([]byte, error) { return f.buf[:n], nil }
func (f *flood) Cancel()                       {}
func (f *flood) Recv(m *link.Message, _ *link.Deadline) error {
	if f.left--; f.left < 0 {
		return link.ErrPeerClosed
	}
	h := wire.Header{Kind: wire.KindRequest, Code: uint16(codec.MethodAppsLookup), ItemCount: 1, PayloadLen: uint32(len(f.request) - wire.HeaderSize)}
	m.Set(h, append(m.Buffer(), f.request...))
	return nil
}
func (f *flood) Exchange(_ wire.Header, _ int, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	if err := sent(); err != nil {
		return true, err
	}
	return true, f.Recv(m, d)
}

// flooded returns l with sessions that are f.
func flooded(l link.Listener, f *flood) link.Listener {
	return servicetest.Wrap(l, func(conn link.Conn) link.Conn {
		f.Conn = conn
		return f
	})
}

// BenchmarkServer is what a server does for a request that is there at once, a copy of it included, but no transport and
// no other goroutine. The handler has its items encoded in a table.
func BenchmarkServer(b *testing.B) {
	for _, known := range []bool{true, false} {
		for _, keys := range []int{1, 16, 256, 4096} {
			b.Run(fmt.Sprintf("known=%v/keys=%d", known, keys), func(b *testing.B) {
				pids, table := make([]uint32, keys), make([]payload.Encoded, keys)
				for i := range pids {
					pids[i] = uint32(i)
					it := item(pids[i], known)
					var err error
					if table[i], err = it.Encode(); err != nil {
						b.Fatal(err)
					}
				}
				f := &flood{buf: make([]byte, 1<<20), left: b.N}
				f.request = make([]byte, wire.HeaderSize+payload.Request(pids).Size())
				if _, err := payload.EncodeRequest(f.request[wire.HeaderSize:], pids); err != nil {
					b.Fatal(err)
				}
				net := linktest.NewNetwork()
				l, err := net.Listen(applookup.ServiceName, linktest.ListenConfig{})
				if err != nil {
					b.Fatal(err)
				}
				ended := make(chan struct{})
				s := applookup.NewServer(flooded(l, f), service.ServerConfig{
					Logger: slog.New(slog.DiscardHandler), MaxRequestPayload: link.GrowthCeiling, MaxResponsePayload: link.GrowthCeiling,
					OnEvent: func(e link.Event) {
						switch e.Kind {
						case link.EventAccept:
							b.ResetTimer()
						case link.EventEnd:
							b.StopTimer()
							close(ended)
						}
					},
				}, func(_ context.Context, req payload.RequestView, out *payload.Builder) error {
					out.SetGeneration(1)
					for _, pid := range req.All() {
						var err error
						if known {
							err = out.AddEncoded(table[pid])
						} else {
							err = out.Unknown()
						}
						if err != nil || out.Full() {
							return err
						}
					}
					return nil
				})
				served := make(chan error, 1)
				go func() { served <- s.Serve(context.Background()) }()
				b.ReportAllocs()
				c, err := net.Dialer(applookup.ServiceName).Dial(context.Background(), link.Proposal{
					RequestPayload: link.GrowthCeiling, ResponsePayload: link.GrowthCeiling,
				})
				if err != nil {
					b.Fatal(err)
				}
				<-ended
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/item")
				c.Close()
				s.Close()
				if err := linktest.Await(b, "Serve", served); err != nil {
					b.Error(err)
				}
			})
		}
	}
}

// item is what is known of a pid, 120 bytes of strings, or that nothing is.
func item(pid uint32, known bool) payload.Item {
	if !known {
		return payload.Item{Status: payload.StatusUnknown, PID: pid, UID: payload.UIDNotSet}
	}
	return payload.Item{
		PID: pid, PPID: 1, UID: 1000, StartTime: uint64(pid), Comm: "redis-server",
		CgroupPath: fmt.Sprintf("/system.slice/docker-%032d%s.scope", pid, strings.Repeat("0", 23)),
		CgroupName: fmt.Sprintf("worker-%019d", pid),
	}
}
