//go:build linux || freebsd

package local_test

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
)

// TestGrowthEnds: a provider that begins with 1 KiB and doubles, as deployed ones without configuration do, is
// asked again ten times, which is to 1 MiB, and not more often, whatever the client's ceiling is (spec 08, 15-o).
func TestGrowthEnds(t *testing.T) {
	for _, c := range []struct {
		fits     uint32 // bytes, at which the provider answers
		ceiling  uint32 // the client's; 0: not configured
		sessions int
		ok       bool
	}{
		{1 << 20, 0, 11, true},
		{1 << 21, 0, 11, false},
		{1 << 20, 1 << 30, 11, true},
		{1 << 21, 1 << 30, 11, false},
		{1 << 12, 1 << 11, 2, false},
	} {
		t.Run(fmt.Sprintf("fits=%d/ceiling=%d", c.fits, c.ceiling), func(t *testing.T) {
			runDir := shortDir(t)
			l := listenRaw(t, runDir)
			sessions := make(chan int, 1)
			go func() { sessions <- doubling(l, c.fits) }()
			client := increment.NewClient(dialer(t, runDir), service.Config{MaxResponsePayload: c.ceiling})
			if _, err := client.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			v, err := client.Call(t.Context(), 41)
			var growth *service.GrowthError
			switch {
			case c.ok && (err != nil || v != 42):
				t.Errorf("%d, %v", v, err)
			case !c.ok && !errors.As(err, &growth):
				t.Errorf("%v, want a GrowthError", err)
			}
			client.Close()
			l.Close()
			if n := <-sessions; n != c.sessions {
				t.Errorf("%d sessions, want %d", n, c.sessions)
			}
		})
	}
}

// doubling serves sessions one after the other, each with twice the response limit of the one before, and answers
// where an answer of fits bytes fits. It returns how many there were.
func doubling(l *net.UnixListener, fits uint32) (sessions int) {
	buf := make([]byte, 1<<12)
	for limit := uint32(deployedPayload); ; limit *= 2 {
		c, err := l.Accept()
		if err != nil {
			return sessions
		}
		sessions++
		c.SetDeadline(time.Now().Add(patience))
		serveLimited(c, buf, limit, limit >= fits)
		c.Close()
	}
}

func serveLimited(c net.Conn, buf []byte, limit uint32, fits bool) {
	n, err := c.Read(buf)
	if err != nil {
		return
	}
	hello, err := link.ParseHello(buf[:n])
	if err != nil {
		return
	}
	ack, _ := link.Negotiate(hello, link.Settings{ResponsePayload: limit}.WithDefaults(wire.ProfileBaseline, deployedPacket))
	if _, err := c.Write(link.AppendAck(nil, ack)); err != nil {
		return
	}
	if n, err = c.Read(buf); err != nil || n < wire.HeaderSize {
		return
	}
	h, _ := wire.DecodeHeader(buf[:n])
	h.Kind = wire.KindResponse
	if !fits {
		h.Status, h.PayloadLen, n = wire.StatusLimitExceeded, 0, wire.HeaderSize
	} else {
		buf[wire.HeaderSize]++
	}
	h.Put(buf)
	if _, err := c.Write(buf[:n]); err == nil {
		_, _ = c.Read(buf) // until the client leaves
	}
}
