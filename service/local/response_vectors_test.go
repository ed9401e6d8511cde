//go:build linux || freebsd

package local_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
)

// responseRow is a row of negotiation/client_response: what a fake server answers to an increment of 41, and what
// deployed clients made of it.
type responseRow struct {
	Case      string           `json:"case"`
	Args      string           `json:"client_args"`
	Ack       []vectortest.Hex `json:"ack_packets"`
	Responses []vectortest.Hex `json:"response_packets_to_message_id_1_value_41"`
	C         struct {
		Output []struct {
			Call  string          `json:"call"`
			Error string          `json:"error"`
			Value *vectortest.U64 `json:"value"`
		} `json:"client_output"`
	} `json:"c"`
}

// TestVectorResponses judges negotiation/client_response: our typed client takes and refuses what deployed
// ones do.
func TestVectorResponses(t *testing.T) {
	for _, f := range vectortest.Files(t, "negotiation") {
		if f.Family != "client_response" {
			continue
		}
		for _, raw := range vectortest.Rows(t, f) {
			var r responseRow
			vectortest.Into(t, raw, &r)
			t.Run(r.Case, r.judge)
		}
	}
}

func (r *responseRow) judge(t *testing.T) {
	runDir := shortDir(t)
	l, err := net.Listen("unixpacket", runDir+"/replay.sock")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.serve(conn)
			conn.Close()
		}
	}()
	c := increment.NewClient(dialer(t, runDir), service.Config{Proposal: r.proposal()})
	defer func() {
		c.Close()
		l.Close()
		<-served
	}()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := r.C.Output[len(r.C.Output)-1]
	timeout := patience
	if last.Error == "timeout" {
		timeout = 100 * time.Millisecond // it will pass in any case
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	got, err := c.Call(ctx, 41)
	ok := last.Error == "ok" && !r.differs()
	switch {
	case ok && (err != nil || last.Value == nil || got != uint64(*last.Value)):
		t.Errorf("got %d, %v; recorded %v", got, err, last.Value)
	case !ok && err == nil:
		t.Errorf("got %d; recorded %s", got, last.Error)
	case last.Error == "timeout" && !errors.Is(err, service.ErrTimeout):
		t.Errorf("got %v, recorded a timeout", err)
	}
}

// differs names the rows on which we differ from deployed clients: a batch has a directory, also one of one item
// (spec 15-q).
func (r *responseRow) differs() bool {
	if len(r.Responses) != 1 {
		return false
	}
	h, err := wire.DecodeHeader(r.Responses[0])
	return err == nil && h.Status == wire.StatusOK && h.IsBatch()
}

func (r *responseRow) proposal() link.Proposal {
	p := link.Proposal{Packet: 65536}
	for arg := range strings.FieldsSeq(r.Args) {
		key, value, _ := strings.Cut(arg, "=")
		n, ok := parse(value)
		if !ok {
			continue
		}
		switch key {
		case "sup":
			p.Supported = wire.Profile(n)
		case "pref":
			p.Preferred = wire.Profile(n)
		case "req":
			p.RequestPayload = n
		case "resp":
			p.ResponsePayload = n
		case "items":
			p.RequestItems = n
		}
	}
	return p
}

func parse(s string) (n uint32, ok bool) {
	if s == "" {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint32(c-'0')
	}
	return n, true
}

// serve is the fake server: every session the same.
func (r *responseRow) serve(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(patience))
	buf := make([]byte, 1<<16)
	if _, err := conn.Read(buf); err != nil {
		return
	}
	for _, p := range r.Ack {
		if _, err := conn.Write(p); err != nil {
			return
		}
	}
	n, err := conn.Read(buf)
	if err != nil || n < wire.HeaderSize {
		return
	}
	asked := idOf(buf[:n])
	for _, p := range r.Responses {
		if len(p) >= wire.HeaderSize && idOf(p) == 1 {
			p = withID(p, asked)
		}
		if _, err := conn.Write(p); err != nil {
			return
		}
	}
	if r.Case == "server closes after the request" {
		return
	}
	_, _ = conn.Read(buf) // until the client leaves
}
