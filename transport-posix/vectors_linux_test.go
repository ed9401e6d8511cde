package posix

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/shm"
	"github.com/plugin-ipc/netipc/transport-posix/shmtest"
)

// regionVector is a file of vectors/shm: a session over shared memory, step by step, as deployed peers had it.
type regionVector struct {
	Config struct {
		Supported       wire.Profile   `json:"supported_profiles"`
		Preferred       wire.Profile   `json:"preferred_profiles"`
		RequestPayload  uint32         `json:"max_request_payload_bytes"`
		ResponsePayload uint32         `json:"max_response_payload_bytes"`
		AuthToken       vectortest.U64 `json:"auth_token"`
	} `json:"server_config"`
	Hello vectortest.Hex `json:"hello_hex"` // not of the sampled ones
	Ack   vectortest.Hex `json:"ack_hex"`
	File  string         `json:"region_file"`
	Mode  string         `json:"file_mode"`
	Dumps []regionDump   `json:"dumps"`
}

type regionDump struct {
	Step     string         `json:"step"`
	Header   vectortest.Hex `json:"header_hex"`
	Request  vectortest.Hex `json:"request_area_first_256"`
	Response vectortest.Hex `json:"response_area_first_256"`
}

func (d *regionDump) word(off int) uint32 { return binary.NativeEndian.Uint32(d.Header[off:]) }

// request returns the message that the dump shows in the request area, response that in the other.
func (d *regionDump) request() []byte  { return d.Request[:d.word(shm.OffReqLen)] }
func (d *regionDump) response() []byte { return d.Response[:d.word(shm.OffRespLen)] }

// regionFamilies are those of vectors/shm that are judged here, by the beginning of their name; elsewhere are the others.
const regionFamilies = "increment_"

var elsewhere = map[string]string{
	"capacity_table": "internal/shm", "session_violations": "service/local",
	"windows_busywait": "transport-windows", "windows_hybrid": "transport-windows",
}

// TestVectorRegions plays each recorded session with our server in the place of the recorded one, and with our client
// in that of the client. After each step, header and areas are the recorded ones, byte for byte, but for whose region it
// is, and for the capacities: ours are those of the agreed limits (15-p).
func TestVectorRegions(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the vectors are little-endian")
	}
	for _, f := range vectortest.Files(t, "shm") {
		family, _, _ := strings.Cut(f.Family, ".")
		if !strings.HasPrefix(family, regionFamilies) {
			if elsewhere[family] == "" {
				t.Errorf("%v: nobody judges this family", f)
			}
			continue
		}
		var v regionVector
		vectortest.Into(t, vectortest.Read(t, f), &v)
		if len(v.Dumps) == 0 {
			t.Fatalf("%v: no dumps", f)
		}
		t.Run(f.Name+"/server", v.asServer)
		t.Run(f.Name+"/client", v.asClient)
	}
}

// proposal returns what the recorded client asked for.
func (v *regionVector) proposal(t *testing.T) link.Proposal {
	t.Helper()
	if v.Hello == nil {
		return link.Proposal{Supported: both, RequestPayload: v.Dumps[0].word(shm.OffRequestCapacity) - wire.HeaderSize}
	}
	h, err := link.ParseHello(v.Hello)
	if err != nil {
		t.Fatal(err)
	}
	return link.Proposal{
		Supported: h.Supported, Preferred: h.Preferred, RequestPayload: h.MaxRequestPayload, RequestItems: h.MaxRequestItems,
		ResponsePayload: h.MaxResponsePayload, ResponseItems: h.MaxResponseItems, AuthToken: h.AuthToken, Packet: h.PacketSize,
	}
}

// settings returns what the recorded server was told.
func (v *regionVector) settings() link.Settings {
	c := v.Config
	s := link.Settings{
		Supported: c.Supported, Preferred: c.Preferred, RequestPayload: c.RequestPayload, ResponsePayload: c.ResponsePayload,
		AuthToken: uint64(c.AuthToken), SessionID: 1,
	}
	if v.Hello == nil {
		s.Supported, s.ResponsePayload = both, v.Dumps[0].word(shm.OffResponseCapacity)-wire.HeaderSize
	}
	if s.ResponsePayload == 0 {
		s.ResponsePayload = link.DefaultPayload
	}
	return s
}

// check compares a region with a dump.
func (v *regionVector) check(t *testing.T, d *regionDump, mem []byte) {
	t.Helper()
	var want [shm.HeaderSize]byte
	copy(want[:], d.Header)
	copy(want[shm.OffOwnerPID:shm.OffRequestOffset], mem[shm.OffOwnerPID:]) // whose it is
	word := func(off int) uint32 { return binary.NativeEndian.Uint32(mem[off:]) }
	if v.Ack != nil {
		ack, err := wire.DecodeHelloAck(v.Ack[wire.HeaderSize:])
		if err != nil {
			t.Fatal(err)
		}
		round := func(payload uint32) uint32 { return (payload + wire.HeaderSize + 63) / 64 * 64 }
		request, response := round(ack.MaxRequestPayload), round(ack.MaxResponsePayload)
		for off, n := range map[int]uint32{
			shm.OffRequestCapacity: request, shm.OffResponseOffset: 64 + request, shm.OffResponseCapacity: response,
		} {
			if word(off) != n && word(off) != d.word(off) { // a recorded server's
				t.Errorf("%s: %d at %d, want %d", d.Step, word(off), off, n)
			}
			binary.NativeEndian.PutUint32(want[off:], word(off))
		}
	}
	if !bytes.Equal(mem[:shm.HeaderSize], want[:]) {
		t.Errorf("%s:\nheader   %x\nrecorded %x", d.Step, mem[:shm.HeaderSize], want)
	}
	for name, a := range map[string]struct {
		recorded []byte
		off      int
	}{"request": {d.Request, shm.OffRequestOffset}, "response": {d.Response, shm.OffResponseOffset}} {
		area := mem[word(a.off):][:word(a.off+4)]
		n := min(len(area), len(a.recorded))
		if !bytes.Equal(area[:n], a.recorded[:n]) {
			t.Errorf("%s: %s area\ngot      %x\nrecorded %x", d.Step, name, area[:n], a.recorded[:n])
		}
	}
}

// asServer: the recorded client's bytes, our server.
func (v *regionVector) asServer(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	c := connected(t, cfg)
	in := accepted(t, l)
	wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock") // it knows by HELLO who gets a region (15-p)
	hello := []byte(v.Hello)
	if hello == nil {
		hello = link.AppendHello(nil, v.proposal(t).WithDefaults(both, 65536))
	}
	if err := c.WritePacket(hello, patience()); err != nil {
		t.Fatal(err)
	}
	s, err := in.Handshake(t.Context(), v.settings())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ack, err := c.handshakePacket(patience())
	if err != nil || v.Ack != nil && !bytes.Equal(ack, v.Ack) {
		t.Fatalf("acknowledged %x, %v, recorded %x", ack, err, v.Ack)
	}
	path := shm.Path(cfg.RunDir, "svc", 1)
	info, err := os.Stat(path)
	if err != nil || v.Mode != "" && (info.Mode().String() != v.Mode || info.Name() != v.File) {
		t.Errorf("%v, %v", info, err)
	}
	p, err := shmtest.Attach(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var m link.Message
	v.play(t, p, func(d *regionDump) {
		p.Publish(d.request(), d.word(shm.OffReqLen))
	}, func(*regionDump) {
		if err := s.Recv(&m, patience()); err != nil {
			t.Fatal(err)
		}
		increments(t, s, &m)
		if _, err := p.Await(watchdog(t)); err != nil {
			t.Fatal(err)
		}
	})
	p.Close()
	c.Close()
	for err == nil { // a request may be left, which nobody has answered in the recording
		err = s.Recv(&m, patience())
	}
	if !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
		t.Errorf("after the client has left: %v", err)
	}
	s.Close()
	wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
}

// increments answers a request of method INCREMENT.
func increments(t *testing.T, s link.Conn, m *link.Message) {
	t.Helper()
	b, err := s.Reserve(8)
	if err != nil {
		t.Fatal(err)
	}
	binary.NativeEndian.PutUint64(b, binary.NativeEndian.Uint64(m.Payload)+1)
	h := m.Header
	h.Kind = wire.KindResponse
	if err := s.Commit(h, 8, patience()); err != nil {
		t.Fatal(err)
	}
}

// asClient: the recorded server's region and bytes, our client.
func (v *regionVector) asClient(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	first := &v.Dumps[0]
	type made struct {
		p   *shmtest.Peer
		err error
	}
	served := make(chan made, 1)
	go func() {
		var m made
		defer func() { served <- m }()
		in, err := l.next(context.Background())
		if err != nil {
			m.err = err
			return
		}
		t.Cleanup(func() { in.conn.Close() })
		hello, err := in.conn.handshakePacket(patience())
		if err == nil && v.Hello != nil && !bytes.Equal(hello, v.Hello) {
			t.Errorf("HELLO %x, recorded %x", hello, v.Hello)
		}
		if err == nil {
			m.p, err = shmtest.Create(shm.Path(cfg.RunDir, "svc", 1), first.word(shm.OffRequestCapacity), first.word(shm.OffResponseCapacity))
		}
		ack := []byte(v.Ack)
		if err == nil && ack == nil {
			h, _ := link.ParseHello(hello)
			a, _ := link.Negotiate(h, v.settings().WithDefaults(both, 65536))
			ack = link.AppendAck(nil, a)
		}
		if err == nil {
			err = in.conn.WritePacket(ack, patience())
		}
		m.err = err
	}()
	c, err := dialing(t, cfg).Dial(t.Context(), v.proposal(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	server := linktest.Await(t, "the server", served)
	if server.err != nil {
		t.Fatal(server.err)
	}
	p := server.p
	defer p.Close()
	if profile := c.Info().Profile; profile != wire.ProfileSHMHybrid {
		t.Fatalf("profile %v", profile)
	}
	v.play(t, p, func(d *regionDump) {
		h, err := wire.DecodeHeader(d.request())
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Reserve(int(h.PayloadLen))
		if err != nil {
			t.Fatal(err)
		}
		copy(b, d.request()[wire.HeaderSize:])
		if err := c.Commit(h, len(b), patience()); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Await(watchdog(t)); err != nil || !bytes.Equal(got, d.request()) {
			t.Fatalf("%s: %x, %v, recorded %x", d.Step, got, err, d.request())
		}
	}, func(d *regionDump) {
		p.Publish(d.response(), d.word(shm.OffRespLen))
		var m link.Message
		if err := c.Recv(&m, patience()); err != nil || !bytes.Equal(m.Payload, d.response()[wire.HeaderSize:]) {
			t.Fatalf("%s: %x, %v", d.Step, m.Payload, err)
		}
	})
}

// play makes what happened between one dump and the next happen, and compares.
func (v *regionVector) play(t *testing.T, p *shmtest.Peer, request, response func(*regionDump)) {
	t.Helper()
	for i := range v.Dumps {
		d := &v.Dumps[i]
		wantRequests, wantResponses := uint64(d.word(shm.OffReqSeq)), uint64(d.word(shm.OffRespSeq))
		for {
			requests, responses := p.Published()
			if requests == wantRequests && responses == wantResponses {
				break
			}
			if responses < requests {
				response(d)
			} else {
				request(d)
			}
		}
		v.check(t, d, p.Memory())
	}
}

// watchdog ends a wait that does not end.
func watchdog(t *testing.T) context.Context {
	t.Helper()
	left, _ := patience().Left()
	ctx, cancel := context.WithTimeout(t.Context(), left)
	t.Cleanup(cancel)
	return ctx
}
