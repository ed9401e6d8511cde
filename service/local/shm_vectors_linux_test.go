package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
	"github.com/plugin-ipc/netipc/transport-posix/shmtest"
)

const sharesMemory = true

// regions lists what has the name of one.
func regions(runDir string) (names []string, err error) {
	all, err := os.ReadDir(runDir)
	for _, e := range all {
		if strings.HasSuffix(e.Name(), ".ipcshm") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// awaitRegions waits until there are so many.
func awaitRegions(runDir string, n int) error {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for until := time.Now().Add(patience); ; <-look.C {
		names, err := regions(runDir)
		if err != nil || len(names) == n {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("regions %q, want %d", names, n)
		}
	}
}

// regionPath returns where the region of an acknowledged session is.
func regionPath(runDir string, ack wire.HelloAck) string {
	return fmt.Sprintf("%s/replay-%016x.ipcshm", runDir, ack.SessionID)
}

// attached says HELLO on a connection, and attaches to the region that it was promised.
func attached(conn net.Conn, runDir string, hello []byte) (*shmtest.Peer, error) {
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	buf := make([]byte, 1<<10)
	n, err := read(conn, buf)
	if err != nil {
		return nil, err
	}
	ack, err := wire.DecodeHelloAck(buf[wire.HeaderSize:n])
	if err != nil || ack.Selected != wire.ProfileSHMHybrid {
		return nil, fmt.Errorf("%+v, %v", ack, err)
	}
	return shmtest.Attach(regionPath(runDir, ack))
}

// asked publishes a request and returns the answer.
func asked(p *shmtest.Peer, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p.Publish(request, uint32(len(request)))
	return p.Await(ctx)
}

// sessionEnds waits until the server ends a session, and says what it has not answered until then.
func sessionEnds(conn net.Conn, p *shmtest.Peer, answers uint64) error {
	if n, err := read(conn, make([]byte, 1)); n != 0 || nonTimeout(err) != nil {
		return fmt.Errorf("on the socket: %d bytes, %v", n, err)
	}
	if _, n := p.Published(); n > answers {
		return fmt.Errorf("%d answers, want %d or less", n, answers)
	}
	return nil
}

// overSharedMemory is the request that the recorder made once it had a region.
func (r *handshakeRow) overSharedMemory(conn net.Conn, runDir string, ack wire.HelloAck) (how string, err error) {
	p, err := shmtest.Attach(regionPath(runDir, ack))
	if err != nil {
		return "over shared memory", err
	}
	defer p.Close()
	request := incrementRequest(7, 41)
	if len(r.C.After.Sent) == 1 {
		request = r.C.After.Sent[0]
	}
	got, err := asked(p, request)
	if err != nil {
		return "over shared memory", err
	}
	if h, _ := wire.DecodeHeader(request); beyond(h, ack) {
		// Deployed C servers do not know limits here (D6), Go servers end the session; ours says why, too (15-p).
		if h, err := wire.DecodeHeader(got); err != nil || h.Status != wire.StatusLimitExceeded {
			return "over shared memory", fmt.Errorf("answered %s", describe(got))
		}
		return "over shared memory, refused (15-p)", sessionEnds(conn, p, 1)
	}
	if len(r.C.After.Replies) != 1 || !bytes.Equal(got, r.C.After.Replies[0]) {
		return "over shared memory", fmt.Errorf("answered %s, recorded %x", describe(got), r.C.After.Replies)
	}
	return "over shared memory", nil
}

// violationRow is a row of shm/session_violations: what was put into the request area, and what servers did.
type violationRow struct {
	Case    string           `json:"case"`
	Message vectortest.Hex   `json:"message"`
	Length  uint32           `json:"length_word"`
	C       violationOutcome `json:"c"`
	Go      violationOutcome `json:"go"`
}

type violationOutcome struct {
	Reply  vectortest.Hex `json:"reply"`
	Socket string         `json:"socket"`
}

// TestVectorSharedMemoryViolations judges shm/session_violations: our server, against what was put into its region.
func TestVectorSharedMemoryViolations(t *testing.T) {
	letters := map[string]int{}
	for _, f := range vectortest.Files(t, "shm") {
		if f.Family != "session_violations" {
			continue
		}
		for i, raw := range vectortest.Rows(t, f) {
			var r violationRow
			vectortest.Into(t, raw, &r)
			t.Run(fmt.Sprintf("%d/%s", i+1, r.Case), func(t *testing.T) {
				letter, err := r.judge(t)
				if err != nil {
					t.Error(err)
				}
				letters[letter]++
			})
		}
		t.Logf("rows by the letter that makes them differ: %v", letters)
		if letters["p"] == 0 {
			t.Error("no row differs by p: that header and length word must agree, and agreed limits hold")
		}
	}
}

func (r *violationRow) judge(t *testing.T) (letter string, err error) {
	runDir := shortDir(t)
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	running(t, increment.NewServer(l, service.ServerConfig{Supported: posix.Profiles}, increment.Next).Serve)
	agreed := link.Limits{RequestPayload: recordedPayload, RequestItems: recordedItems}
	_, _ = fmt.Sscanf(r.Case, "message over agreed limit but inside capacity (agreed %d)", &agreed.RequestPayload)
	conn := dialRaw(t, runDir)
	p, err := attached(conn, runDir, link.AppendHello(nil, link.Proposal{
		Supported: posix.Profiles, RequestPayload: agreed.RequestPayload, RequestItems: agreed.RequestItems,
	}.WithDefaults(0, 65536)))
	if err != nil {
		return "", err
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p.Publish(r.Message, r.Length)
	want, letter := r.verdict(agreed)
	switch {
	case want == wire.StatusOK && len(r.C.Reply) == 0:
		return letter, sessionEnds(conn, p, boolCount(r.request().Kind == wire.KindRequest))
	case want != wire.StatusOK && want != wire.StatusUnsupported:
		got, err := p.Await(ctx)
		h := wire.Header{Kind: wire.KindResponse, Code: r.request().Code, Status: want, ItemCount: 1, MessageID: r.request().MessageID}
		if err != nil || len(got) != wire.HeaderSize || !bytes.Equal(got, append(make([]byte, 0, wire.HeaderSize), encode(h)...)) {
			return letter, fmt.Errorf("answered %s, %v, want %v", describe(got), err, want)
		}
		return letter, sessionEnds(conn, p, 1)
	}
	if got, err := p.Await(ctx); err != nil || !bytes.Equal(got, r.C.Reply) {
		return letter, fmt.Errorf("answered %s, %v, recorded %x", describe(got), err, r.C.Reply)
	}
	got, err := asked(p, incrementRequest(77, 1))
	if h, bad := wire.DecodeHeader(got); err != nil || bad != nil || h.Status != wire.StatusOK || h.MessageID != 77 {
		return letter, fmt.Errorf("the follow-up was answered with %s, %v", describe(got), err)
	}
	return letter, nil
}

func encode(h wire.Header) []byte {
	b := make([]byte, wire.HeaderSize)
	h.Put(b)
	return b
}

func boolCount(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// request returns the header of the message; zero if it has none.
func (r *violationRow) request() wire.Header {
	p, _ := wire.PeekHeader(r.Message)
	return p.Header
}

// verdict says with which status our server answers, and by which letter that differs from the deployed C server. OK
// means as recorded.
func (r *violationRow) verdict(agreed link.Limits) (want wire.Status, letter string) {
	h, err := wire.DecodeHeader(r.Message)
	recorded := status(r.C.Reply)
	switch {
	case err != nil || h.Kind != wire.KindRequest || r.Length < wire.HeaderSize || len(r.C.Reply) == 0:
		return wire.StatusOK, "" // the end, as of all
	case uint64(r.Length) > uint64(agreed.RequestPayload+2*wire.HeaderSize+63)&^63:
		r.C.Reply = nil // more than the area of the agreed size has (15-p), as the deployed Go server
		return wire.StatusOK, "p"
	case h.PayloadLen > agreed.RequestPayload, h.ItemCount > agreed.RequestItems:
		return wire.StatusLimitExceeded, "p"
	case h.PayloadLen != r.Length-wire.HeaderSize && recorded != wire.StatusBadEnvelope:
		return wire.StatusBadEnvelope, "p"
	}
	if letter = ""; h.IsBatch() && recorded != wire.StatusOK {
		letter = "m"
	}
	return recorded, letter
}

// judgeRegions plays the life cycle of regions that was recorded. Deployed servers make a region for whoever connects;
// ours for who gets one (15-p). A request on the socket, which they ignore, ends the session (15-r). Who vanishes is
// noticed, and the region goes (15-u), as with the deployed C server.
func (s *special) judgeRegions(t *testing.T) {
	runDir := shortDir(t)
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	server := increment.NewServer(l, service.ServerConfig{AuthToken: specialToken, Supported: posix.Profiles}, increment.Next)
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background()) }()
	hello := func(p link.Proposal) []byte { return link.AppendHello(nil, p.WithDefaults(posix.Profiles, 4096)) }
	shared := hello(link.Proposal{AuthToken: specialToken})
	var conn net.Conn
	var p *shmtest.Peer
	steps := []struct {
		step    string
		regions int
		do      func() error
	}{
		{"server idle", 0, func() error { return nil }},
		{"client connected, no HELLO yet", 0, func() error { conn = dialRaw(t, runDir); return nil }},
		{"HELLO_ACK received, selected profile 2", 1, func() (err error) { p, err = attached(conn, runDir, shared); return err }},
		{"increment over SHM", 1, func() error { return increments(p) }},
		{"increment over the socket of the SHM session", 0, func() error {
			if _, err := conn.Write(incrementRequest(9, 1)); err != nil {
				return err
			}
			return errors.Join(sessionEnds(conn, p, 1), p.Close())
		}},
		{"SHM still usable afterwards", 1, func() (err error) { // of another session
			conn.Close()
			conn = dialRaw(t, runDir)
			if p, err = attached(conn, runDir, shared); err != nil {
				return err
			}
			return increments(p)
		}},
		{"400 ms after the client closed socket and mapping (socket still had an unread packet)", 0, func() error { return errors.Join(p.Close(), conn.Close()) }},
		{"1.5 s after a second SHM session was closed cleanly", 0, func() (err error) {
			conn = dialRaw(t, runDir)
			if p, err = attached(conn, runDir, shared); err != nil {
				return err
			}
			return errors.Join(increments(p), p.Close(), conn.Close())
		}},
		{"after a rejected handshake (bad auth)", 0, func() error {
			conn = dialRaw(t, runDir)
			_, err := attached(conn, runDir, hello(link.Proposal{AuthToken: 1}))
			conn.Close()
			if err == nil {
				return errors.New("a stranger got a region")
			}
			return nil
		}},
		{"baseline client connected (its pre-created region should be gone)", 0, func() error {
			conn = dialRaw(t, runDir)
			_, err := conn.Write(hello(link.Proposal{AuthToken: specialToken, Supported: wire.ProfileBaseline}))
			if err == nil {
				_, err = read(conn, make([]byte, 1<<10))
			}
			return err
		}},
		{"after SIGTERM stop of the server", 0, func() error { return errors.Join(server.Close(), <-served) }},
	}
	var recorded []struct {
		Step string `json:"step"`
	}
	if err := json.Unmarshal(s.regions, &recorded); err != nil || len(recorded) != len(steps) {
		t.Fatalf("%d steps were recorded, %d are played: %v", len(recorded), len(steps), err)
	}
	for i, st := range steps {
		if recorded[i].Step != st.step {
			t.Fatalf("step %d: %q was recorded", i, recorded[i].Step)
		}
		if err := st.do(); err != nil {
			t.Fatalf("%s: %v", st.step, err)
		}
		if err := awaitRegions(runDir, st.regions); err != nil {
			t.Fatalf("%s: %v", st.step, err)
		}
	}
}

// increments makes a call.
func increments(p *shmtest.Peer) error {
	got, err := asked(p, incrementRequest(7, 41))
	if err == nil && (len(got) != wire.HeaderSize+8 || got[wire.HeaderSize] != 42) {
		err = fmt.Errorf("answered %s", describe(got))
	}
	return err
}
