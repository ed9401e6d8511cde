package applookup_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
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
					it := payload.Item{Status: payload.StatusUnknown, PID: pids[i], UID: payload.UIDNotSet}
					if known {
						it = payload.Item{
							PID: pids[i], PPID: 1, UID: 1000, StartTime: uint64(i), Comm: "redis-server",
							CgroupPath: fmt.Sprintf("/system.slice/docker-%032d%s.scope", i, strings.Repeat("0", 23)),
							CgroupName: fmt.Sprintf("worker-%019d", i),
						}
					}
					r.Items = append(r.Items, it)
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
