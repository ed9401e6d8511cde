package explain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/tools/internal/explain"
)

func lines(packets [][]byte, format string) []byte {
	var b bytes.Buffer
	for _, p := range packets {
		fmt.Fprintf(&b, format, p)
	}
	return b.Bytes()
}

// Where the fields lie: each is found again with the value that the encoder was given.
func TestLayouts(t *testing.T) {
	h := wire.Header{Kind: wire.KindResponse, Flags: 2, Code: 4, Status: 5, ItemCount: 7, MessageID: 1<<56 + 8}
	c := wire.ChunkHeader{MessageID: 1<<56 + 1, TotalLen: 2, Index: 3, Count: 4, PayloadLen: 5}
	hello := wire.Hello{Supported: 1, Preferred: 2, MaxRequestPayload: 3, MaxRequestItems: 4, MaxResponsePayload: 5, MaxResponseItems: 6, AuthToken: 1<<56 + 7, PacketSize: 8}
	ack := wire.HelloAck{Supported: 1, Intersection: 2, Selected: 4, MaxRequestPayload: 3, MaxRequestItems: 5, MaxResponsePayload: 6, MaxResponseItems: 7, PacketSize: 33, SessionID: 1<<56 + 9}
	for _, l := range []struct {
		section string
		size    int
		put     func([]byte)
		fields  map[string]uint64
	}{
		{"header", wire.HeaderSize, h.Put, map[string]uint64{"magic": 0x4e495043, "version": 1, "header_len": 32, "kind": 2, "flags": 2, "code": 4, "transport_status": 5, "payload_len": 0, "item_count": 7, "message_id": 1<<56 + 8}},
		{"chunk header", wire.ChunkHeaderSize, c.Put, map[string]uint64{"magic": 0x4e43484b, "version": 1, "flags": 0, "message_id": 1<<56 + 1, "total_message_len": 2, "chunk_index": 3, "chunk_count": 4, "chunk_payload_len": 5}},
		{"HELLO", wire.HelloSize, hello.Put, map[string]uint64{"layout_version": 1, "flags": 0, "supported_profiles": 1, "preferred_profiles": 2, "max_request_payload_bytes": 3, "max_request_batch_items": 4, "max_response_payload_bytes": 5, "max_response_batch_items": 6, "padding": 0, "auth_token": 1<<56 + 7, "packet_size": 8}},
		{"HELLO_ACK", wire.HelloAckSize, ack.Put, map[string]uint64{"layout_version": 1, "flags": 0, "server_supported_profiles": 1, "intersection_profiles": 2, "selected_profile": 4, "agreed_max_request_payload_bytes": 3, "agreed_max_request_batch_items": 5, "agreed_max_response_payload_bytes": 6, "agreed_max_response_batch_items": 7, "agreed_packet_size": 33, "padding": 0, "session_id": 1<<56 + 9}},
	} {
		b := make([]byte, l.size)
		l.put(b)
		r := report(b)
		if strings.HasPrefix(l.section, "HELLO") {
			e := explain.New()
			kind := explain.Type(strings.ToLower(strings.ReplaceAll(l.section, "_", "-")))
			if err := e.AddPayload(kind, explain.Input{Bytes: b}); err != nil {
				t.Fatal(err)
			}
			r = e.Finish()
		}
		size := 0
		for name, want := range l.fields {
			f := field(t, r, l.section, name)
			if f.Value != want {
				t.Errorf("%s: %s is %v, want %d", l.section, name, f.Value, want)
			}
			size += f.Size
		}
		if size != l.size {
			t.Errorf("%s: the fields make %d bytes of %d", l.section, size, l.size)
		}
	}

	b := encode(t, testSnapshot)
	e := explain.New()
	if err := e.AddPayload("cgroups-snapshot-response", explain.Input{Bytes: b}); err != nil {
		t.Fatal(err)
	}
	r := e.Finish()
	if g := field(t, r, "CGROUPS_SNAPSHOT response", "generation").Value; g != testSnapshot.Generation {
		t.Errorf("generation %v", g)
	}
	for i, it := range testSnapshot.Items {
		section := fmt.Sprintf("CGROUPS_SNAPSHOT item %d", i)
		for name, want := range map[string]any{
			"hash": uint64(it.Hash), "options": uint64(it.Options), "enabled": uint64(it.Enabled),
			"name": it.Name, "path": it.Path, "name_length": uint64(len(it.Name)),
		} {
			if f := field(t, r, section, name); f.Value != want {
				t.Errorf("%s: %s is %v, want %v", section, name, f.Value, want)
			}
		}
		name := field(t, r, section, "name")
		if got := string(b[name.Offset : name.Offset+name.Size]); got != it.Name {
			t.Errorf("%s: the name is not where it is said to be: %q", section, got)
		}
	}
}

// Every byte that a decoder judges, damaged: what is said to be wrong is the field that it lies in.
func TestPointsAtTheDamage(t *testing.T) {
	msg := snapshotMessage(t, 5)
	for off := range msg {
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(msg)
			bad[off] ^= flip
			if h, err := wire.DecodeHeader(bad); err == nil && h.Kind == wire.KindControl {
				continue // other rules
			}
			want := judge(bad)
			r := report(bad)
			if (want == nil) != r.OK {
				t.Errorf("byte %d ^ %#x: a receiver says %v, explained: %v", off, flip, want, r.Problems)
			}
			if r.OK || len(r.Problems) != 1 {
				continue
			}
			at := r.Problems[0].Offset
			var damaged bool
			for _, p := range r.Packets {
				for _, s := range p.Sections {
					for _, f := range s.Fields {
						damaged = damaged || f.Offset == at && f.Wrong != "" && f.Offset <= off && off < f.Offset+max(f.Size, 1)
					}
				}
			}
			// Beyond the fixed fields one byte can be wrong for the sake of another: an offset points at a
			// string that is not there.
			if itemCount := 36 <= off && off < 40; !damaged && off < 56 && !itemCount {
				t.Errorf("byte %d ^ %#x: pointed at %d: %v", off, flip, at, r.Problems[0])
			}
		}
	}
}

// judge is what a receiver without limits thinks of a message, and a decoder of its payload.
func judge(msg []byte) error {
	limits := link.Limits{RequestPayload: math.MaxUint32 - 32, RequestItems: math.MaxUint32, ResponsePayload: math.MaxUint32 - 32, ResponseItems: math.MaxUint32}
	p, ok := wire.PeekHeader(msg)
	if !ok {
		return wire.ErrBadMagic
	}
	h, err := link.Check(msg, p.Header.Kind, limits)
	if err != nil {
		return err
	}
	if h.Code == 2 && h.Status == 0 && h.Kind == wire.KindResponse {
		if h.IsBatch() {
			return fmt.Errorf("a batch")
		}
		_, err = cgroupsnapshot.DecodeResponse(msg[wire.HeaderSize:])
	}
	return err
}

// The verdicts of deployed peers.
func TestOracle(t *testing.T) {
	types := map[string]explain.Type{
		"hello": "hello", "hello_ack": "hello-ack", "increment": "increment-request",
		"cgroups_snapshot_request": "cgroups-snapshot-request", "cgroups_snapshot_response": "cgroups-snapshot-response",
	}
	for _, f := range vectortest.Files(t, "oracle") {
		kind, ok := types[f.Family]
		if !ok {
			continue
		}
		t.Run(f.Family, func(t *testing.T) {
			stricter := 0
			for i, raw := range vectortest.Rows(t, f) {
				var row struct{ Hex, Go string }
				if err := json.Unmarshal(raw, &row); err != nil {
					t.Fatal(err)
				}
				b, err := explain.ParseHex([]byte(row.Hex))
				if err != nil {
					t.Fatal(err)
				}
				e := explain.New()
				if err := e.AddPayload(kind, explain.Input{Bytes: b}); err != nil {
					t.Fatal(err)
				}
				r := e.Finish()
				switch {
				case r.OK == (row.Go == "ok"):
				case r.OK && kind == "hello-ack" && len(b) == 36: // spec 15-y
				case !r.OK && (kind == "hello" && r.Problems[0].Field == "HELLO: flags" || // spec 15-e
					kind == "hello-ack" && !strings.HasSuffix(r.Problems[0].Field, "flags")): // spec 15-j
					stricter++
				default:
					t.Errorf("row %d: deployed peers say %s, explained: %v", i+1, row.Go, r.Problems)
				}
			}
			t.Logf("%d rows that a decoder takes and the handshake refuses", stricter)
		})
	}
}

// What deployed peers said to each other is explained without a complaint.
func TestTranscripts(t *testing.T) {
	for _, f := range vectortest.Files(t, "transcripts") {
		e := explain.New()
		if err := e.AddAll(vectortest.Read(t, f), explain.Auto); err != nil {
			t.Errorf("%v: %v", f, err)
		}
		for _, p := range e.Finish().Problems {
			t.Errorf("%v: %v", f, p)
		}
	}
}
