package v3peer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// recorded is a session of two deployed peers.
type recorded struct {
	Config struct {
		Request  uint32 `json:"max_request_payload_bytes"`
		Response uint32 `json:"max_response_payload_bytes"`
	} `json:"server_config"`
	FileSize int64  `json:"file_size"`
	FileMode string `json:"file_mode"`
	Region   string `json:"region_file"`
	Dumps    []dump `json:"dumps"`
}

type dump struct {
	Step     string         `json:"step"`
	Header   vectortest.Hex `json:"header_hex"`
	Request  vectortest.Hex `json:"request_area_first_256"`
	Response vectortest.Hex `json:"response_area_first_256"`
}

// The same conversation leaves the same bytes, but for the pid and the generation.
func TestRecorded(t *testing.T) {
	files, judged := vectortest.Files(t, "shm"), 0
	if len(files) == 0 {
		t.Skip("these vectors have no shared memory")
	}
	for _, f := range files {
		var r recorded
		if !strings.HasPrefix(f.Name, "increment_") {
			continue
		}
		if err := json.Unmarshal(vectortest.Read(t, f), &r); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if r.FileSize == 0 || r.FileMode == "" { // sampled from without, not step by step
			continue
		}
		if r.Config.Request == 0 { // nothing was configured: deployed peers then take 1024 bytes in both directions
			r.Config.Request, r.Config.Response = link.DefaultPayload, link.DefaultPayload
		}
		t.Run(f.Name, func(t *testing.T) { replay(t, r) })
		judged++
	}
	if judged == 0 {
		t.Error("no session is recorded step by step")
	}
}

// replay has the conversation of r and looks at the region after each step.
func replay(t *testing.T, r recorded) {
	where := posix.Config{RunDir: t.TempDir(), Service: "svc"}
	l, err := Listen(where, r.Config.Request, r.Config.Response)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan error, 1)
	var server *Session
	go func() {
		var err error
		server, err = l.Accept()
		accepted <- err
	}()
	client, err := Dial(where, r.Config.Request, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := linktest.Await(t, "the server", accepted); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	info, err := os.Stat(where.RunDir + "/" + r.Region)
	if err != nil || info.Size() != r.FileSize || info.Mode().String() != r.FileMode {
		t.Fatalf("%v, %v, want %d bytes and mode %s", info, err, r.FileSize, r.FileMode)
	}
	buf := make([]byte, 100)
	ask := func(id, number uint64) error { return client.Publish(number40(wire.KindRequest, id, number)) }
	tell := func(id, number uint64) error {
		if _, err := server.Consume(buf); err != nil {
			return err
		}
		if err := server.Publish(number40(wire.KindResponse, id, number)); err != nil {
			return err
		}
		_, err := client.Consume(buf)
		return err
	}
	nothing := func() error { return nil }
	const first = 0x1122334455667788
	steps := []func() error{
		nothing, nothing, nothing,
		func() error { return ask(1, first) },
		func() error { return tell(1, first+1) },
		func() error { return errors.Join(ask(2, 5), tell(2, 6)) },
	}
	if len(r.Dumps) != len(steps) {
		t.Fatalf("%d dumps, want %d", len(r.Dumps), len(steps))
	}
	for i, d := range r.Dumps {
		if err := steps[i](); err != nil {
			t.Fatalf("%s: %v", d.Step, err)
		}
		compare(t, d, server.region)
	}
}

func number40(kind wire.Kind, id, number uint64) []byte {
	b := make([]byte, wire.HeaderSize+8)
	h := wire.Header{Kind: kind, Code: 1, PayloadLen: 8, ItemCount: 1, MessageID: id}
	h.Put(b)
	binary.NativeEndian.PutUint64(b[wire.HeaderSize:], number)
	return b
}

func compare(t *testing.T, d dump, r *region) {
	t.Helper()
	got, want := bytes.Clone(r.mem[:HeaderSize]), bytes.Clone(d.Header)
	clear(got[offOwnerPID:offRequest])
	clear(want[offOwnerPID:offRequest])
	if !bytes.Equal(got, want) {
		t.Errorf("%s: header\n%x, want\n%x", d.Step, got, want)
	}
	if got := r.mem[r.plan.request:][:len(d.Request)]; !bytes.Equal(got, d.Request) {
		t.Errorf("%s: request\n%x, want\n%x", d.Step, got, d.Request)
	}
	if got := r.mem[r.plan.response:][:len(d.Response)]; !bytes.Equal(got, d.Response) {
		t.Errorf("%s: response\n%x, want\n%x", d.Step, got, d.Response)
	}
}
