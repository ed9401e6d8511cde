//go:build linux || freebsd

package local_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// What both roles of a replay need.

// patience is a watchdog against a test that hangs; nothing is expected to take this long.
const patience = time.Minute

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

// listenRaw is a server's socket without a server.
func listenRaw(t *testing.T, runDir string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: runDir + "/replay.sock"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { l.Close() })
	return l
}

func dialer(t *testing.T, runDir string) link.Dialer {
	t.Helper()
	d, err := posix.NewDialer(posix.DialConfig{
		Config:        posix.Config{RunDir: runDir, Service: "replay"},
		AttachTimeout: 50 * time.Millisecond, // the recorded clients waited 5 s for a region that was not there
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// withoutSession blanks the session id of an acknowledgement: it may count what it likes (spec 15-h).
func withoutSession(packet []byte) []byte {
	b := bytes.Clone(packet)
	if h, err := wire.DecodeHeader(b); err == nil && h.Kind == wire.KindControl && h.Code == wire.CodeHelloAck {
		clear(b[wire.HeaderSize+40:])
	}
	return b
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

// beyond says whether a request is larger than what was agreed, in bytes or in items.
func beyond(h wire.Header, ack wire.HelloAck) bool {
	return h.PayloadLen > ack.MaxRequestPayload || h.ItemCount > ack.MaxRequestItems
}

// closedFirst returns who ended a recorded connection: "server_closed" or "client_closed".
func closedFirst(events []event) string {
	for _, e := range events {
		if e.Event == "server_closed" || e.Event == "client_closed" {
			return e.Event
		}
	}
	return ""
}

// lastAnswer returns the header of what a recorded server said last.
func (tr *transcript) lastAnswer() (h wire.Header) {
	for _, e := range tr.events {
		if e.Dir == "s2c" && wire.HasMagic(e.Hex) {
			h, _ = wire.DecodeHeader(e.Hex)
		}
	}
	return h
}

// maxRequest is the largest request that the recorded server accepts, in bytes: what it was told, or the default
// of deployed servers.
func (tr *transcript) maxRequest(t *testing.T) uint32 {
	if n := number(t, tr.head.ServerArgs, "req"); n != 0 {
		return uint32(n)
	}
	return deployedPayload
}

// What deployed peers use when they are told nothing, in bytes: the limit of payloads, and the packet size on the
// machine that recorded.
const (
	deployedPayload = 1024
	deployedPacket  = 212992
)
