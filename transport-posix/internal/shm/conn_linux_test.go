package shm

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func BenchmarkExchange(b *testing.B) {
	p := openPair(b, testLimits)
	p.client.seats, p.server.seats = 2, 2 // as in two processes
	go echo(p.server)
	var m link.Message
	b.ReportAllocs()
	for i := range b.N {
		if _, err := p.client.Reserve(8); err != nil {
			b.Fatal(err)
		}
		if _, err := p.client.Exchange(request(uint64(i)), 8, &m, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// A loop is a session with itself: what one side's Exchange costs beside the other side and the memory between them.
func BenchmarkExchangeAlone(b *testing.B) {
	p := openPair(b, testLimits)
	p.client.in.stream = requests(p.client.region)
	p.client.in.Inbox, p.client.client = link.NewInbox(wire.KindRequest, testLimits), false
	var m link.Message
	b.ReportAllocs()
	for i := range b.N {
		if _, err := p.client.Reserve(8); err != nil {
			b.Fatal(err)
		}
		if _, err := p.client.Exchange(request(uint64(i)), 8, &m, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
