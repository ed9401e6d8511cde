package local

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	server "github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

// room is what provider and clients agree to, in bytes.
const room = 64 << 20

// provider serves a snapshot in this process, over memory: what is left is what netipc itself does. It has two answers
// encoded, which differ in one item.
type provider struct {
	net     *linktest.Network
	answers [2][]byte
	which   atomic.Int32
	server  *server.Server
	served  chan error
}

func provide(s cgroupsnapshot.Snapshot) (*provider, error) {
	p := &provider{net: linktest.NewNetwork(), served: make(chan error, 1)}
	for i := range p.answers {
		s.Items[len(s.Items)-1].Options = uint32(i)
		size, err := s.Size()
		if err != nil {
			return nil, err
		}
		p.answers[i] = make([]byte, size)
		if _, err := s.Encode(p.answers[i]); err != nil {
			return nil, err
		}
	}
	l, err := p.net.Listen(server.ServiceName, linktest.ListenConfig{})
	if err != nil {
		return nil, err
	}
	p.server = server.NewServer(l, service.ServerConfig{MaxResponsePayload: room, Logger: slog.New(slog.DiscardHandler)},
		func(_ context.Context, _ cgroupsnapshot.Request, out *cgroupsnapshot.Builder) error {
			return out.SetEncoded(p.answers[p.which.Load()])
		})
	go func() { p.served <- p.server.Serve(context.Background()) }()
	return p, nil
}

// change lets the provider answer something else than before.
func (p *provider) change() { p.which.Store(1 - p.which.Load()) }

func (p *provider) stop() error {
	p.server.Close() // always nil
	return <-p.served
}

func clientConfig() service.Config {
	return service.Config{Proposal: link.Proposal{ResponsePayload: room}, MaxResponsePayload: room}
}

func (p *provider) cache() *cgroups.Cache {
	return cgroups.New(p.net.Dialer(server.ServiceName), cgroups.Config{Client: clientConfig()})
}

func (p *provider) client() *server.Client {
	return server.NewClient(p.net.Dialer(server.ServiceName), clientConfig())
}
