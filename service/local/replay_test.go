//go:build linux || freebsd

package local_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	snapshotcodec "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// patience is a watchdog against a test that hangs; nothing is expected to take this long.
const patience = time.Minute

func replay(t *testing.T, tr *transcript) {
	t.Run("as server", func(t *testing.T) { asServer(t, tr) })
	t.Run("as client", func(t *testing.T) { asClient(t, tr) })
}

// asServer says to our server what the recorded client said, and expects what the recorded server answered.
func asServer(t *testing.T, tr *transcript) {
	for _, events := range tr.connections() {
		runDir := serve(t, tr, events)
		conn := dialRaw(t, runDir)
		buf := make([]byte, 1<<20)
		for i, e := range events {
			switch e.Dir {
			case "c2s":
				if _, err := conn.Write(e.Hex); err != nil {
					t.Fatalf("event %d: %v", i, err)
				}
			case "s2c":
				n, err := conn.Read(buf)
				if err != nil {
					t.Fatalf("event %d: %v", i, err)
				}
				if got, want := withoutSession(buf[:n]), withoutSession(e.Hex); !bytes.Equal(got, want) {
					t.Fatalf("event %d:\ngot  %s\nwant %s", i, describe(got), describe(want))
				}
			}
		}
	}
}

// withoutSession blanks the session id of an acknowledgement: it may count what it likes (spec 15-h).
func withoutSession(packet []byte) []byte {
	b := bytes.Clone(packet)
	if h, err := wire.DecodeHeader(b); err == nil && h.Kind == wire.KindControl && h.Code == wire.CodeHelloAck {
		clear(b[wire.HeaderSize+40:])
	}
	return b
}

// serve starts our server with the recorded one's settings.
func serve(t *testing.T, tr *transcript, events []event) (runDir string) {
	t.Helper()
	_, ack := handshake(t, events)
	cfg := service.ServerConfig{
		Supported:          ack.Supported,
		Preferred:          wire.Profile(number(t, tr.head.ServerArgs, "pref")),
		AuthToken:          number(t, tr.head.ServerArgs, "auth"),
		MaxRequestPayload:  uint32(number(t, tr.head.ServerArgs, "req")),
		MaxResponsePayload: ack.MaxResponsePayload,
		Packet:             ack.PacketSize,
	}
	runDir = t.TempDir()
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	var server interface {
		Serve(context.Context) error
		Close() error
	}
	switch kind := tr.head.ServerArgs["kind"]; kind {
	case "increment":
		server = increment.NewServer(l, cfg, func(_ context.Context, v uint64) (uint64, error) { return v + 1, nil })
	case "snapshot":
		server = cgroupsnapshot.NewServer(l, cfg, recordedSnapshot(t, events, link.LimitsOf(ack)))
	default:
		t.Fatalf("nobody serves %q", kind)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(context.Background()) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return runDir
}

// recordedSnapshot is a handler that builds the snapshot which the recorded server had, item by item: equal
// bytes show that our encoder writes the same form.
func recordedSnapshot(t *testing.T, events []event, limits link.Limits) cgroupsnapshot.Handler {
	t.Helper()
	answers := messages(t, events, "s2c", wire.KindResponse, limits)
	if len(answers) == 0 {
		t.Fatal("no answer was recorded")
	}
	v, err := snapshotcodec.DecodeResponse(answers[0].Payload)
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, _ snapshotcodec.Request, out *snapshotcodec.Builder) error {
		out.SetGeneration(v.Generation())
		out.SetSystemdEnabled(v.SystemdEnabled())
		for _, item := range v.All() {
			if err := out.Add(item.Hash(), item.Options(), item.Enabled(), item.Name().String(), item.Path().String()); err != nil {
				return err
			}
		}
		return nil
	}
}

func dialRaw(t *testing.T, runDir string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unixpacket", runDir+"/replay.sock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// asClient plays the recorded server to our client: every packet of ours must be the recorded client's but for
// the message ids, which we number ourselves (spec 15-aa).
func asClient(t *testing.T, tr *transcript) {
	runDir := t.TempDir()
	played := playRecorded(t, runDir, tr.connections())
	hello, _ := handshake(t, tr.connections()[0])
	act(t, tr, dialer(t, runDir), proposalOf(hello))
	if err := <-played; err != nil {
		t.Fatal(err)
	}
}

// playRecorded starts the recorded server. What it has to say against our client comes when it is done; it
// gives up after patience.
func playRecorded(t *testing.T, runDir string, connections [][]event) <-chan error {
	t.Helper()
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: runDir + "/replay.sock"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { l.Close() })
	played := make(chan error, 1)
	go func() { played <- play(l, connections) }()
	return played
}

func dialer(t *testing.T, runDir string) link.Dialer {
	t.Helper()
	d, err := posix.NewDialer(posix.DialConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func proposalOf(h wire.Hello) link.Proposal {
	return link.Proposal{
		Supported:       h.Supported,
		Preferred:       h.Preferred,
		RequestPayload:  h.MaxRequestPayload,
		RequestItems:    h.MaxRequestItems,
		ResponsePayload: h.MaxResponsePayload,
		ResponseItems:   h.MaxResponseItems,
		AuthToken:       h.AuthToken,
		Packet:          h.PacketSize,
	}
}

// play is the recorded server.
func play(l net.Listener, connections [][]event) error {
	for _, events := range connections {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		conn.SetDeadline(time.Now().Add(patience))
		err = playOne(conn, events)
		conn.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func playOne(conn net.Conn, events []event) error {
	buf := make([]byte, 1<<20)
	ours := map[uint64]uint64{} // recorded id -> the one that our client uses
	for i, e := range events {
		switch e.Dir {
		case "c2s":
			n, err := conn.Read(buf)
			if err != nil {
				return err
			}
			recorded := idOf(e.Hex)
			if _, ok := ours[recorded]; !ok && n >= wire.HeaderSize {
				ours[recorded] = idOf(buf[:n])
			}
			if got, want := buf[:n], withID(e.Hex, ours[recorded]); !bytes.Equal(got, want) {
				return fmt.Errorf("event %d:\ngot  %s\nwant %s", i, describe(got), describe(want))
			}
		case "s2c":
			if _, err := conn.Write(withID(e.Hex, ours[idOf(e.Hex)])); err != nil {
				return err
			}
		}
	}
	return nil
}

// idOf returns the message id of a packet: a header's, or a chunk header's.
func idOf(packet []byte) uint64 {
	if wire.HasMagic(packet) {
		return binary.NativeEndian.Uint64(packet[24:])
	}
	return binary.NativeEndian.Uint64(packet[8:])
}

func withID(packet []byte, id uint64) []byte {
	b := bytes.Clone(packet)
	if wire.HasMagic(b) {
		binary.NativeEndian.PutUint64(b[24:], id)
	} else {
		binary.NativeEndian.PutUint64(b[8:], id)
	}
	return b
}
