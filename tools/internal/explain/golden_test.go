package explain_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/tools/internal/explain"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

func TestGolden(t *testing.T) {
	hello := link.AppendHello(nil, link.Proposal{AuthToken: 0xfeed}.WithDefaults(wire.ProfileBaseline|wire.ProfileSHMHybrid, 212960))
	ack := link.AppendAck(nil, wire.HelloAck{
		Supported: 3, Intersection: 3, Selected: 2, MaxRequestPayload: 1024, MaxRequestItems: 1,
		MaxResponsePayload: 65536, MaxResponseItems: 1, PacketSize: 212960, SessionID: 4,
	})
	request := message(wire.Header{Kind: wire.KindRequest, Code: 2, ItemCount: 1, MessageID: 5}, 1, 0, 0, 0)
	batch := message(wire.Header{Kind: wire.KindRequest, Flags: wire.FlagBatch, Code: 1, ItemCount: 2, MessageID: 6},
		slices.Concat(native(8<<32), native(8<<32|8), native(41), native(1<<63))...)
	failed := message(wire.Header{Kind: wire.KindResponse, Code: 1, Status: wire.StatusInternalError, ItemCount: 1, MessageID: 7})
	other := message(wire.Header{Kind: wire.KindRequest, Code: 0x8001, ItemCount: 1, MessageID: 8}, []byte("what only its owner knows")...)

	for _, c := range []struct {
		name    string
		packets [][]byte
	}{
		{"session", [][]byte{hello, ack, request, snapshotMessage(t, 5), batch, failed, other}},
		{"refused", [][]byte{hello, link.AppendRefusal(nil, wire.StatusAuthFailed)}},
		{"chunks", split(snapshotMessage(t, 5), 5, 100)},
		{"chunk-missing", slices.Delete(split(snapshotMessage(t, 5), 5, 100), 1, 2)},
		{"short", [][]byte{request[:10]}},
		{"strange", [][]byte{[]byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")}},
		{"bad-version", [][]byte{put(request, 4, uint16(2))}},
		{"bad-item", [][]byte{put(snapshotMessage(t, 5), 168, uint32(8))}}, // name_offset of item 1
		{"bad-entry", [][]byte{put(snapshotMessage(t, 5), 64, uint32(4))}}, // offset of item 1
		{"bad-batch", [][]byte{put(batch, 44, uint32(9))}},                 // length of item 1
	} {
		t.Run(c.name, func(t *testing.T) {
			r := report(c.packets...)
			var text, json bytes.Buffer
			if err := r.WriteText(&text, false); err != nil {
				t.Fatal(err)
			}
			if err := r.WriteProblems(&text, false); err != nil {
				t.Fatal(err)
			}
			if err := render.JSON(&json, r); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".txt", text.Bytes())
			golden(t, c.name+".json", json.Bytes())
		})
	}
}

// The same packets, however they are written down.
func TestFormats(t *testing.T) {
	packets := split(snapshotMessage(t, 5), 5, 100)
	packets = append(packets, message(wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: 6}, native(1)...))
	want := report(packets...)
	for name, input := range map[string][]byte{
		"binary":      bytes.Join(packets, nil),
		"a line each": lines(packets, "%x\n"),
		"one line":    lines(packets, "%x"),
		"pairs":       lines(packets, "% X "),
		"C":           lines(packets, `%#x, `),
		"transcript":  lines(packets, `{"conn":1,"hex":"%x"}`+"\n"),
	} {
		t.Run(name, func(t *testing.T) {
			e := explain.New()
			if err := e.AddAll(input, explain.Auto); err != nil {
				t.Fatal(err)
			}
			got := e.Finish()
			if !got.OK || len(got.Packets) != len(packets) {
				t.Fatalf("%d packets of %d, problems %v", len(got.Packets), len(packets), got.Problems)
			}
			for i, p := range got.Packets {
				if p.Title != want.Packets[i].Title {
					t.Errorf("packet %d: %s, want %s", i+1, p.Title, want.Packets[i].Title)
				}
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		name, input string
		format      explain.Format
	}{
		{"not hexadecimal", "4350 zz", explain.Hex},
		{"half a byte", "435", explain.Hex},
		{"not JSON", "{", explain.Auto},
		{"bad direction", `{"dir":"up","hex":""}`, explain.Auto},
		{"bad hex in JSON", `{"hex":"4"}`, explain.Auto},
	} {
		if err := explain.New().AddAll([]byte(c.input), c.format); err == nil {
			t.Errorf("%s: no error", c.name)
		} else {
			t.Log(err)
		}
	}
	if err := explain.New().AddPayload("nonsense", explain.Input{}); err == nil {
		t.Error("no error for a payload that there is not")
	}
}
