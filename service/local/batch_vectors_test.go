//go:build linux || freebsd

package local_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/stringreverse"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// What deployed Go servers do wrong with batches of strings, and ours must not (D2, 15-b).

// stringServer serves strings, and connects a raw client that has shaken hands.
func stringServer(t *testing.T, maxResponse uint32) net.Conn {
	t.Helper()
	runDir := shortDir(t)
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := service.ServerConfig{MaxResponsePayload: maxResponse, Logger: slog.New(slog.DiscardHandler)}
	running(t, stringreverse.NewServer(l, cfg, stringreverse.Reverse).Serve)
	conn := dialRaw(t, runDir)
	p := link.Proposal{RequestItems: 16}.WithDefaults(wire.ProfileBaseline, 65536)
	if _, err := conn.Write(link.AppendHello(nil, p)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, link.MaxHandshakePacket)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := link.ParseAck(buf[:n], p); err != nil {
		t.Fatal(err)
	}
	return conn
}

func vectorRows(t *testing.T, family string) []json.RawMessage {
	t.Helper()
	for _, f := range vectortest.Files(t, "negotiation") {
		if f.Family == family {
			return vectortest.Rows(t, f)
		}
	}
	return nil
}

// TestVectorBatchPadding: the deployed Go server lets bytes of earlier answers out where padding should be. Ours is
// as recorded but for zeros.
func TestVectorBatchPadding(t *testing.T) {
	rows := vectorRows(t, "go_batch_padding_leak")
	if rows == nil {
		t.Skip("no such vectors")
	}
	conn := stringServer(t, 0)
	buf := make([]byte, 1<<16)
	leaks := 0
	for _, raw := range rows {
		var r struct {
			Step              string
			Request, Response vectortest.Hex
		}
		vectortest.Into(t, raw, &r)
		if _, err := conn.Write(r.Request); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Clone(r.Response)
		h, err := wire.DecodeHeader(want)
		if err != nil {
			t.Fatal(err)
		}
		if h.IsBatch() {
			items, err := wire.DecodeBatch(want[wire.HeaderSize:], h.ItemCount)
			if err != nil {
				t.Fatal(err)
			}
			// Whatever lies behind the last item, and the items of the recording are in order.
			last := items.Item(items.Len() - 1)
			used := bytes.LastIndex(want, last) + len(last)
			clear(want[used:])
		}
		if !bytes.Equal(want, r.Response) {
			leaks++
		}
		if !bytes.Equal(buf[:n], want) {
			t.Errorf("%s:\ngot  %s\nwant %s", r.Step, describe(buf[:n]), describe(want))
		}
	}
	if leaks == 0 {
		t.Error("no row has anything in its padding: nothing was tested")
	}
}

// TestVectorBatchTight: budgets around the size of an answer. Where it does not fit, its padding included, ours
// answers LIMIT_EXCEEDED; the deployed Go server closed without a word where all but the padding fits.
func TestVectorBatchTight(t *testing.T) {
	request := batchOfStrings(t, "ab", "cde") // the batch of go_batch_padding_leak: 48 bytes, an answer of the same size
	for _, raw := range vectorRows(t, "go_batch_tight_response") {
		var r struct {
			Budget  uint32       `json:"server_max_response_payload_bytes"`
			Outcome string       `json:"outcome"`
			Status  *wire.Status `json:"transport_status"`
			Len     uint32       `json:"payload_len"`
		}
		vectortest.Into(t, raw, &r)
		t.Run(fmt.Sprint(r.Budget), func(t *testing.T) {
			t.Parallel()
			conn := stringServer(t, r.Budget)
			if _, err := conn.Write(request); err != nil {
				t.Fatal(err)
			}
			h, _ := wire.DecodeHeader(request)
			want := wire.StatusLimitExceeded // 15-b, m
			if r.Status != nil {
				want = *r.Status
			}
			if want != wire.StatusOK {
				if err := expectRefusal(conn, h, want); err != nil {
					t.Error(err)
				}
				return
			}
			buf := make([]byte, 1<<10)
			n, err := conn.Read(buf)
			got, bad := wire.DecodeHeader(buf[:n])
			if err != nil || bad != nil || got.Status != want || got.PayloadLen != r.Len {
				t.Errorf("%s, %v, recorded %v and %d bytes", describe(buf[:n]), err, want, r.Len)
			}
		})
	}
}

// batchOfStrings is a request.
func batchOfStrings(t *testing.T, list ...string) []byte {
	t.Helper()
	var m stringreverse.Method
	buf := make([]byte, 1<<12)
	var b wire.BatchBuilder
	if err := b.Reset(buf[wire.HeaderSize:], len(list)); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		room, err := b.Next()
		if err != nil {
			t.Fatal(err)
		}
		n, err := m.EncodeRequest(room, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Done(n); err != nil {
			t.Fatal(err)
		}
	}
	h := wire.Header{
		Kind:       wire.KindRequest,
		Flags:      wire.FlagBatch,
		Code:       uint16(m.Code()),
		PayloadLen: uint32(b.Finish()),
		ItemCount:  uint32(len(list)),
		MessageID:  1,
	}
	h.Put(buf)
	return buf[:wire.HeaderSize+int(h.PayloadLen)]
}
