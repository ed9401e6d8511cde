//go:build linux || freebsd

package local_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// asClient plays the recorded server to our client, which does what the recorded one did: every packet of ours
// must be the recorded client's but for the message ids, which we number ourselves (spec 15-aa).
func asClient(t *testing.T, tr *transcript, used letters) {
	runDir := shortDir(t)
	p := &player{
		tr:            tr,
		maxRequest:    tr.maxRequest(t),
		l:             listenRaw(t, runDir),
		conversations: tr.connections(),
		used:          used,
		heard:         make(chan struct{}, 64),
	}
	if kind := tr.head.ServerArgs["kind"]; kind == "al" || kind == "cl" {
		p.known = knowledge(t, tr)
	}
	p.wg.Go(p.accept)
	act(t, tr, p, dialer(t, runDir))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
}

// player is the recorded server. Our client need not use connections one after the other: it keeps a session that
// serves until it has a better one.
type player struct {
	tr            *transcript
	maxRequest    uint32 // bytes
	l             *net.UnixListener
	conversations [][]event
	heard         chan struct{} // a token for each message of the client
	known         *known        // of a provider of lookups

	wg sync.WaitGroup // accept, and what it starts

	mu     sync.Mutex
	used   letters
	errs   []error
	made   int    // connections
	excuse string // the letter that lets our client make fewer
}

func (p *player) accept() {
	for k := 0; ; k++ {
		conn, err := p.l.Accept()
		if err != nil {
			return
		}
		conn.SetDeadline(time.Now().Add(patience))
		c := &conversation{p: p, conn: conn, k: k, ids: map[uint64]uint64{}}
		p.mu.Lock()
		p.made++
		p.mu.Unlock()
		p.wg.Go(func() {
			defer conn.Close()
			if err := c.play(p.conversations[min(k, len(p.conversations)-1)]); err != nil {
				p.mu.Lock()
				p.errs = append(p.errs, fmt.Errorf("connection %d: %w", k+1, err))
				p.mu.Unlock()
			}
		})
	}
}

// end waits for all connections; our client has left by now.
func (p *player) end() error {
	p.l.Close()
	p.wg.Wait()
	switch n := len(p.conversations); {
	case p.made > n:
		p.used["aa"] = true // the number of reconnects
	case p.made < n && p.excuse == "":
		p.errs = append(p.errs, fmt.Errorf("%d connections, %d were recorded", p.made, n))
	case p.made < n:
		p.used[p.excuse] = true
	}
	return errors.Join(p.errs...)
}

func (p *player) use(letter string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used[letter] = true
}

// excused notes what ends our client's attempts where deployed ones go on.
func (p *player) excused(h wire.Header) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case h.Kind == wire.KindControl && h.Status == wire.StatusLimitExceeded:
		p.excuse = "n" // one refusal ends the growth
	case h.Kind == wire.KindResponse && h.Status == wire.StatusUnsupported:
		p.excuse = "z" // the next answer would be the same
	}
}

// leaves notes that our client has refused a call itself, where the deployed one sent it.
func (p *player) leaves() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used["l"] = true
	if p.excuse == "" {
		p.excuse = "l"
	}
}

// conversation is one connection of our client.
type conversation struct {
	p    *player
	conn net.Conn
	k    int
	ids  map[uint64]uint64 // recorded id -> the one that our client uses

	ack      wire.HelloAck // what the client was told
	strayed  bool          // that was not recorded: our client has proposed something else
	request  []byte        // the client's last message, if it is not answered
	answered int           // messages
	finished bool          // our client has left, and may
}

func (c *conversation) play(events []event) error {
	buf := make([]byte, 1<<20)
	hello := true // the next one is
	for i, e := range events {
		var err error
		switch e.Dir {
		case "c2s":
			var n int
			n, err = c.conn.Read(buf)
			switch {
			case err != nil || n == 0:
				return c.left(e.Hex, err)
			case hello:
				err = c.hello(e.Hex, buf[:n])
				hello = false
			default:
				err = c.hear(e.Hex, buf[:n])
			}
		case "s2c":
			err = c.say(e.Hex)
		}
		if err != nil || c.finished {
			return wrapEvent(i, err)
		}
	}
	if c.request != nil && c.strayed {
		if err := c.answerByContract(); err != nil {
			return err
		}
	} else if closedFirst(events) == "server_closed" {
		return nil
	}
	n, err := c.conn.Read(buf)
	if c.isLookup(buf[:n]) {
		return c.byContract(buf[:n])
	}
	if n > 0 || nonTimeout(err) != nil {
		return fmt.Errorf("after the last recorded packet: %s, %v", describe(buf[:n]), err)
	}
	return nil
}

func wrapEvent(i int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("event %d: %w", i, err)
}

// left judges a client that has gone instead of saying what was recorded.
func (c *conversation) left(recorded []byte, err error) error {
	h, bad := wire.DecodeHeader(recorded)
	if bad == nil && h.Kind == wire.KindRequest && beyond(h, c.ack) {
		c.p.leaves() // what exceeds the agreed limits is not sent
		return nil
	}
	return fmt.Errorf("the client has left: %w", err)
}

// hello judges a HELLO. Proposals may differ (15-aa): our transport offers no profile that it does not have, and
// after the first one a client asks for what it needs.
func (c *conversation) hello(recorded, ours []byte) error {
	want, err := link.ParseHello(recorded)
	if err != nil {
		return err
	}
	got, err := link.ParseHello(ours)
	if err != nil {
		return err
	}
	_, c.ack = mustAck(c.p.conversations[min(c.k, len(c.p.conversations)-1)])
	if bytes.Equal(ours, recorded) {
		return nil
	}
	c.p.use("aa")
	same := want
	same.Supported, same.Preferred = want.Supported&wire.ProfileBaseline, want.Preferred&wire.ProfileBaseline
	if c.k > 0 {
		same.MaxRequestPayload, same.MaxRequestItems = got.MaxRequestPayload, got.MaxRequestItems
		same.MaxResponsePayload, same.MaxResponseItems = got.MaxResponsePayload, got.MaxResponseItems
	}
	if got != same {
		return fmt.Errorf("HELLO %+v, recorded %+v", got, want)
	}
	c.strayed = got.MaxRequestPayload != want.MaxRequestPayload || got.MaxRequestItems != want.MaxRequestItems
	if c.strayed { // echoed, as the contract has it; the hint about responses changes nothing
		c.ack.MaxRequestPayload, c.ack.MaxRequestItems, c.ack.MaxResponseItems = got.MaxRequestPayload, got.MaxRequestItems, got.MaxRequestItems
	}
	return nil
}

// hear judges a packet that is no HELLO.
func (c *conversation) hear(recorded, ours []byte) error {
	id := idOf(recorded)
	if _, ok := c.ids[id]; !ok && len(ours) >= wire.HeaderSize {
		c.ids[id] = idOf(ours)
	}
	if want := withID(recorded, c.ids[id]); !bytes.Equal(ours, want) {
		if c.isLookup(ours) {
			return c.byContract(ours)
		}
		return fmt.Errorf("\ngot  %s\nwant %s", describe(ours), describe(want))
	}
	if wire.HasMagic(ours) {
		c.request = bytes.Clone(ours)
		c.p.heard <- struct{}{}
	}
	return nil
}

// say says what was recorded, or what the recorded server would have said to what our client has proposed.
func (c *conversation) say(recorded []byte) error {
	h, err := wire.DecodeHeader(recorded)
	if err == nil && h.Kind == wire.KindControl && c.strayed {
		c.p.use("n")
		recorded = link.AppendAck(nil, c.ack)
		if c.ack.MaxRequestPayload > c.p.maxRequest {
			recorded = link.AppendRefusal(nil, wire.StatusLimitExceeded)
			c.finished = true
		}
		h, _ = wire.DecodeHeader(recorded)
	}
	c.p.excused(h)
	if c.request != nil {
		c.answered++
	}
	c.request = nil
	_, err = c.conn.Write(withID(recorded, c.ids[idOf(recorded)]))
	return err
}

// answerByContract answers a request that the recorded server did not get, or not accept.
func (c *conversation) answerByContract() error {
	h, err := wire.DecodeHeader(c.request)
	if err != nil || int(h.PayloadLen)+wire.HeaderSize != len(c.request) || c.p.tr.head.ServerArgs["kind"] != "strrev" {
		return fmt.Errorf("nobody knows the answer to %s", describe(c.request))
	}
	s, err := stringreverse.DecodeRequest(c.request[wire.HeaderSize:])
	if err != nil {
		return err
	}
	b := make([]byte, len(c.request))
	reversed := make([]byte, s.Len())
	stringreverse.Reverse(reversed, s.Bytes())
	if _, err := stringreverse.EncodeResponse(b[wire.HeaderSize:], reversed); err != nil {
		return err
	}
	h.Kind = wire.KindResponse
	h.Put(b)
	_, err = c.conn.Write(b)
	return err
}

// mustAck decodes the recorded handshake of a connection; the zero value where there is none.
func mustAck(events []event) (hello wire.Hello, ack wire.HelloAck) {
	for _, e := range events {
		if e.Dir == "c2s" {
			hello, _ = link.ParseHello(e.Hex)
		}
		if e.Dir == "s2c" {
			ack, _ = wire.DecodeHelloAck(e.Hex[wire.HeaderSize:])
			break
		}
	}
	return hello, ack
}
