//go:build linux || freebsd

package local_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// handshakeRow is a row of negotiation/handshake: what a client said, and what deployed servers did then. What they
// answered to the HELLO is judged in codec/link; here it is what comes after, in a live session.
type handshakeRow struct {
	Server string `json:"server"`
	Config struct {
		Supported       uint32         `json:"supported_profiles"`
		Preferred       uint32         `json:"preferred_profiles"`
		RequestPayload  uint32         `json:"max_request_payload_bytes"`
		ResponsePayload uint32         `json:"max_response_payload_bytes"`
		AuthToken       vectortest.U64 `json:"auth_token"`
		Packet          uint32         `json:"packet_size"`
	} `json:"server_config"`
	Case  string           `json:"case"`
	Hello []vectortest.Hex `json:"hello"`
	C     struct {
		Outcome string `json:"outcome"`
		Ack     struct {
			Selected wire.Profile `json:"selected_profile"`
		} `json:"ack"`
		After struct {
			Closed    bool             `json:"closed"`
			Transport string           `json:"transport"`
			Result    string           `json:"result"`
			Sent      []vectortest.Hex `json:"sent"`
			Replies   packets          `json:"reply"`
			Second    string           `json:"second_packet"`
		} `json:"after"`
	} `json:"c"`
}

// packets are one packet or several.
type packets []vectortest.Hex

func (p *packets) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]vectortest.Hex)(p))
	}
	*p = make(packets, 1)
	return json.Unmarshal(b, &(*p)[0])
}

// TestVectorHandshakesLive judges the rows of negotiation/handshake by what our server does after the handshake. We
// do as the deployed C server; the Go server closes without a word where a request exceeds the limits (D3, 15-l).
func TestVectorHandshakesLive(t *testing.T) {
	for _, f := range vectortest.Files(t, "negotiation") {
		if f.Family != "handshake" {
			continue
		}
		servers := map[string]string{} // run directories by the name of the configuration
		n := map[string]int{}
		var mu sync.Mutex // of n
		var wg sync.WaitGroup
		for i, raw := range vectortest.Rows(t, f) {
			var r handshakeRow
			vectortest.Into(t, raw, &r)
			runDir, ok := servers[r.Server]
			if !ok {
				runDir = r.serve(t)
				servers[r.Server] = runDir
			}
			judge := func() {
				how, err := r.judge(runDir)
				mu.Lock()
				defer mu.Unlock()
				n[how]++
				if err != nil {
					t.Errorf("row %d, %s, %s: %s: %v", i+1, r.Server, r.Case, how, err)
				}
			}
			if r.C.After.Closed && r.C.Outcome == "ack_ok" {
				wg.Go(judge) // a server takes its time to close, so that its refusal is not lost
			} else {
				judge()
			}
		}
		wg.Wait()
		t.Logf("%v", n)
		least := map[string]int{"usable": 721, "status_5": 46} // as many as were recorded
		if sharesMemory {
			// 9 of those that were usable over the socket name a profile of which we know nothing, and memory beside it.
			least["usable"], least["over shared memory"] = 712, 335
		}
		for how, want := range least {
			if n[how] < want {
				t.Errorf("%d rows were %s, want %d or more", n[how], how, want)
			}
		}
	}
}

func (r *handshakeRow) serve(t *testing.T) (runDir string) {
	t.Helper()
	runDir = shortDir(t)
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	c := r.Config
	cfg := service.ServerConfig{
		Supported:          wire.Profile(c.Supported),
		Preferred:          wire.Profile(c.Preferred),
		MaxRequestPayload:  c.RequestPayload,
		MaxResponsePayload: c.ResponsePayload,
		AuthToken:          uint64(c.AuthToken),
		Packet:             c.Packet,
		Logger:             slog.New(slog.DiscardHandler),
	}
	if cfg.MaxRequestPayload == 0 {
		cfg.MaxRequestPayload = deployedPayload
	}
	running(t, increment.NewServer(l, cfg, increment.Next).Serve)
	return runDir
}

// judge plays one row and says how it ended, or where it belongs.
func (r *handshakeRow) judge(runDir string) (how string, err error) {
	conn, err := net.Dial("unixpacket", runDir+"/replay.sock")
	if err != nil {
		return "not taken in", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	buf := make([]byte, 1<<12)
	for _, p := range r.Hello {
		if _, err := conn.Write(p); err != nil {
			break // closed already: what it has said can still be read
		}
	}
	n, err := read(conn, buf)
	if nonTimeout(err) != nil {
		return "silent", err
	}
	accepted := n > 0 && status(buf[:n]) == wire.StatusOK
	switch {
	case !accepted:
		// Refused, with a word or without: which is judged in codec/link, with its letters (15-d, e, f), and a
		// profile that no transport of ours has is masked away (spec 01). In any case that is the end.
		if n > 0 && n != wire.HeaderSize+wire.HelloAckSize {
			return "refused", fmt.Errorf("with %s", describe(buf[:n]))
		}
		if n, err := read(conn, buf); n != 0 || nonTimeout(err) != nil {
			return "refused", fmt.Errorf("then %d bytes, %v", n, err)
		}
		return r.refused(status(buf[:wire.HeaderSize]))
	case r.C.Outcome != "ack_ok":
		return "accepted", fmt.Errorf("recorded %s", r.C.Outcome)
	case r.C.After.Second != "":
		return "a second HELLO", expectEnd(conn, wire.Header{Kind: wire.KindControl})
	}
	if ack, err := wire.DecodeHelloAck(buf[wire.HeaderSize:n]); err == nil && ack.Selected == wire.ProfileSHMHybrid {
		return r.overSharedMemory(conn, runDir, ack)
	}
	return r.C.After.Result, r.after(conn, buf)
}

// refused says why we have refused a client: as recorded, or by which letter.
func (r *handshakeRow) refused(by wire.Status) (how string, err error) {
	h, err := link.ParseHello(r.Hello[0])
	switch {
	case r.C.Outcome != "ack_ok":
		return "refused", nil
	case err == nil && h.Flags != 0 && by == wire.StatusBadEnvelope:
		return "refused for flags that deployed servers ignore (15-e)", nil
	case err == nil && h.Supported&wire.ProfileBaseline == 0 && r.C.Ack.Selected != wire.ProfileBaseline && by == wire.StatusUnsupported:
		return "refused for profiles that we do not know (01)", nil
	}
	return "refused", fmt.Errorf("with %v, recorded %s (%v)", by, r.C.Outcome, err)
}

// after is the request that the recorder made, in packets of the agreed size.
func (r *handshakeRow) after(conn net.Conn, buf []byte) error {
	sent := r.C.After.Sent
	if len(sent) == 0 { // over shared memory, of a profile that is not ours
		sent = []vectortest.Hex{incrementRequest(7, 41)}
	}
	for _, p := range sent {
		if _, err := conn.Write(p); err != nil {
			break
		}
	}
	for i, w := range r.C.After.Replies {
		n, err := read(conn, buf)
		if err != nil || !bytes.Equal(buf[:n], w) {
			return fmt.Errorf("answer %d: %v\ngot  %s\nwant %s", i, err, describe(buf[:n]), describe(w))
		}
	}
	if !r.C.After.Closed {
		return nil
	}
	if n, err := read(conn, buf); n != 0 || nonTimeout(err) != nil {
		return fmt.Errorf("after the refusal: %d bytes, %v", n, err)
	}
	return nil
}
