//go:build linux || freebsd

package local_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// sharedMemory is the title of the issue that brings what is not replayed yet.
const sharedMemory = "Linux shared memory, version 3: compatible to the byte, faster than it has ever been"

// replayed are the scenarios that are judged, and the letters of spec 15 by which we differ from some of what was
// recorded there: as a server, and as a client. No other letter may come up, and each of these must.
//
// Everything else is equal: byte for byte after renaming message ids in order of first use and blanking session
// ids (15-aa, 15-h), and in what came of the calls. The rules that find a letter are those of replay_server_test.go,
// replay_client_test.go and roles_test.go; they look at what was said, never at the name of the scenario.
var replayed = map[string]struct{ server, client string }{
	"increment_single":                   {},
	"increment_sequence":                 {},
	"batch_increment_40":                 {},
	"batch_increment_chunked":            {},
	"pipelined_increment_16":             {},
	"snapshot_small":                     {},
	"snapshot_chunked":                   {},
	"snapshot_chunked_server_packet_600": {},
	"string_reverse":                     {},
	"client_disconnect_midway":           {},

	"auth_failure":             {client: "v"},
	"incompatible_packet_size": {client: "v"},
	"limit_exceeded_handshake": {client: "v"},
	"unsupported_profile":      {client: "aa v"},

	"internal_error":          {client: "v"},
	"internal_error_snapshot": {},
	"internal_error_batch":    {server: "m", client: "aa m"},
	"unknown_method":          {client: "z"},

	"batch_limit_exceeded":                {server: "l", client: "l"},
	"overflow_request_beyond_server":      {server: "l", client: "aa l n"},
	"overflow_resize_request":             {server: "l", client: "aa l n"},
	"overflow_resize_request_zero_config": {server: "l o", client: "aa l n"},
	"overflow_resize_response":            {server: "o"},
	"overflow_resize_response_strrev":     {},

	"apps_lookup_empty_request":                 {},
	"apps_lookup_placeholders_exceed_budget":    {client: "x"},
	"apps_lookup_plain":                         {},
	"apps_lookup_request_split":                 {},
	"apps_lookup_split_oversized":               {client: "x"},
	"cgroups_lookup_false_oversized":            {client: "x"},
	"cgroups_lookup_false_oversized_alone":      {},
	"cgroups_lookup_generation_mismatch":        {client: "w"},
	"cgroups_lookup_key_too_long":               {client: "aa n"},
	"cgroups_lookup_placeholders_exceed_budget": {client: "x"},
	"cgroups_lookup_plain":                      {},
	"cgroups_lookup_request_split":              {},
	"cgroups_lookup_split_oversized":            {client: "x"},
}

// later are the other scenarios, with the issue that brings them. One that is in neither table fails the test.
var later = map[string]string{

	"shm_attach_fallback": sharedMemory,
}

// TestVectorTranscripts replays what deployed peers said to each other, with us in the place of the one and of
// the other.
func TestVectorTranscripts(t *testing.T) {
	files := vectortest.Files(t, "transcripts")
	n := 0
	found := map[string]*struct{ server, client letters }{}
	var all []*transcript
	scenarios := map[string][]*transcript{}
	for _, f := range files {
		tr := readTranscript(t, f)
		all = append(all, tr)
		scenarios[tr.head.Scenario] = append(scenarios[tr.head.Scenario], tr)
	}
	for _, tr := range all {
		scenario := tr.head.Scenario
		tr.scenario, tr.all = scenarios[scenario], all
		_, judged := replayed[scenario]
		switch _, deferred := later[scenario]; {
		case judged == deferred:
			t.Errorf("%s: the scenario %q must be in one of the tables", tr.name, scenario)
			continue
		case deferred:
			continue
		}
		n++
		if found[scenario] == nil {
			found[scenario] = &struct{ server, client letters }{letters{}, letters{}}
		}
		t.Run(tr.name+"/as server", func(t *testing.T) { asServer(t, tr, found[scenario].server) })
		t.Run(tr.name+"/as client", func(t *testing.T) { asClient(t, tr, found[scenario].client) })
	}
	for scenario, f := range found {
		want := replayed[scenario]
		if got := f.server.String(); got != want.server {
			t.Errorf("%s: as a server we differ by the letters %q, not %q", scenario, got, want.server)
		}
		if got := f.client.String(); got != want.client {
			t.Errorf("%s: as a client we differ by the letters %q, not %q", scenario, got, want.client)
		}
	}
	t.Logf("transcripts: %d rows, %d of them replayed in both roles, the rest belongs to later issues", len(files), n)
}

// letters are decisions of spec 15 that explained a difference.
type letters map[string]bool

func (l letters) String() string {
	return strings.Join(slices.Sorted(maps.Keys(l)), " ")
}

// transcript is one recorded conversation.
type transcript struct {
	name     string
	head     header
	events   []event
	results  []result
	scenario []*transcript // all that have it, this one included
	all      []*transcript // of every scenario
}

type header struct {
	Scenario   string            `json:"scenario"`
	ServerArgs map[string]string `json:"server_args"`
	ClientArgs map[string]string `json:"client_args"`
}

type event struct {
	Conn  int            `json:"conn"`
	Dir   string         `json:"dir"` // "c2s", "s2c", or empty
	Hex   vectortest.Hex `json:"hex"`
	Event string         `json:"event"`
}

type result struct {
	Call       string          `json:"call"`
	Error      string          `json:"error"`
	Send       string          `json:"send"`    // of a client at Level 1
	Receive    string          `json:"receive"` // of a client at Level 1
	State      string          `json:"state"`
	Calls      *uint64         `json:"calls"`
	Errors     *uint64         `json:"errors"`
	Value      *vectortest.U64 `json:"value"`
	Len        *int            `json:"len"`
	Items      *int            `json:"items"`
	Generation *vectortest.U64 `json:"generation"`
	Statuses   []int           `json:"statuses"`
}

func readTranscript(t *testing.T, f vectortest.File) *transcript {
	t.Helper()
	tr := &transcript{name: strings.TrimSuffix(f.Name, ".jsonl")}
	for i, row := range vectortest.Rows(t, f) {
		var line struct {
			event
			Result *result `json:"client_result"`
		}
		target := any(&line)
		if i == 0 {
			target = &tr.head
		}
		if err := json.Unmarshal(row, target); err != nil {
			t.Fatalf("%v: line %d: %v", f, i+1, err)
		}
		switch {
		case i == 0:
		case line.Result != nil:
			tr.results = append(tr.results, *line.Result)
		default:
			tr.events = append(tr.events, line.event)
		}
	}
	return tr
}

// connections returns the events of each connection, in order of the connections.
func (tr *transcript) connections() [][]event {
	var all [][]event
	for _, e := range tr.events {
		for len(all) < e.Conn {
			all = append(all, nil)
		}
		all[e.Conn-1] = append(all[e.Conn-1], e)
	}
	return all
}

// handshake decodes the HELLO and HELLO_ACK of a connection.
func handshake(t *testing.T, events []event) (hello wire.Hello, ack wire.HelloAck) {
	t.Helper()
	var err error
	for _, e := range events {
		switch {
		case e.Dir == "c2s":
			if hello, err = link.ParseHello(e.Hex); err != nil {
				t.Fatalf("recorded HELLO: %v", err)
			}
		case e.Dir == "s2c":
			if ack, err = wire.DecodeHelloAck(e.Hex[wire.HeaderSize:]); err != nil {
				t.Fatalf("recorded HELLO_ACK: %v", err)
			}
			return hello, ack
		}
	}
	t.Fatal("no handshake was recorded")
	return
}

// number reads an argument: decimal or 0x.
func number(t *testing.T, args map[string]string, key string) uint64 {
	t.Helper()
	v, ok := args[key]
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(v, 0, 64)
	if err != nil {
		t.Fatalf("argument %s: %v", key, err)
	}
	return n
}

func numbers(t *testing.T, list string) (ns []uint64) {
	t.Helper()
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(s, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		ns = append(ns, n)
	}
	return ns
}

// messages puts the packets of one direction together again: payloads with their headers.
func messages(t *testing.T, events []event, dir string, kind wire.Kind, limits link.Limits) []link.Message {
	t.Helper()
	var all []link.Message
	re := link.NewReassembler(kind, limits)
	first := true
	for _, e := range events {
		if e.Dir != dir {
			continue
		}
		if first { // the handshake
			first = false
			continue
		}
		b, room := re.Next()
		b = append(b, e.Hex[:min(len(e.Hex), room)]...)
		whole, err := re.Take(b, len(e.Hex))
		if err != nil {
			t.Fatalf("recorded packet: %v", err)
		}
		if whole {
			var m link.Message
			re.Move(&m)
			all = append(all, m)
		}
	}
	return all
}

func describe(b []byte) string {
	if h, err := wire.DecodeHeader(b); err == nil {
		return fmt.Sprintf("%v code %d status %v flags %d items %d id %d payload %d: %x", h.Kind, h.Code, h.Status, h.Flags, h.ItemCount, h.MessageID, h.PayloadLen, b)
	}
	return fmt.Sprintf("%x", b)
}
