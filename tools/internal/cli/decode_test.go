package cli_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/tools/internal/cli"
)

// request returns a request for a snapshot.
func request() []byte {
	b := make([]byte, wire.HeaderSize, wire.HeaderSize+4)
	(&wire.Header{Kind: wire.KindRequest, Code: 2, PayloadLen: 4, ItemCount: 1, MessageID: 1}).Put(b)
	return append(b, 1, 0, 0, 0)
}

func TestDecodeInputs(t *testing.T) {
	const text = "REQUEST CGROUPS_SNAPSHOT, message 1, 36 bytes"
	digits := hex.EncodeToString(request())
	dir := t.TempDir()
	binary := filepath.Join(dir, "message.bin")
	transcript := filepath.Join(dir, "session.jsonl")
	for path, content := range map[string][]byte{
		binary:     request(),
		transcript: []byte(`{"conn":1,"event":"connected"}` + "\n" + `{"conn":1,"dir":"c2s","hex":"` + digits + `"}` + "\n"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, in string
		args     []string
	}{
		{"argument", "", []string{digits}},
		{"arguments", "", []string{digits[:8], digits[8:20], "0x" + digits[20:]}},
		{"standard input", digits, nil},
		{"standard input, said", digits, []string{"-"}},
		{"standard input, as a file", digits, []string{"-f", "-"}},
		{"standard input, binary", string(request()), nil},
		{"binary file", "", []string{"-f", binary}},
		{"transcript", "", []string{"-f", transcript}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runWith(t, t.Context(), c.in, append([]string{"decode"}, c.args...)...)
			r.expect(t, 0)
			if !strings.Contains(r.out, text) || r.err != "" {
				t.Errorf("%q is not in\n%s%s", text, r.out, r.err)
			}
		})
	}
}

func TestDecodeBad(t *testing.T) {
	bad := request()
	bad[4]++
	r := run(t, "decode", hex.EncodeToString(bad))
	r.expect(t, 1, "netipc: bad message: packet 1, offset 4: header: version: is 2: bad version, must be 1")
	if !strings.Contains(r.out, "<-- bad version") {
		t.Errorf("the field is not marked:\n%s", r.out)
	}

	r = run(t, "decode", "-o", "json", hex.EncodeToString(bad))
	r.expect(t, 1, "offset 4")
	var report struct {
		OK       bool
		Problems []struct {
			Packet, Offset int
			Field, Message string
		}
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatal(err)
	}
	if report.OK || len(report.Problems) != 1 || report.Problems[0].Offset != 4 || report.Problems[0].Field != "header: version" {
		t.Errorf("%+v", report)
	}
}

func TestDecodePayload(t *testing.T) {
	r := run(t, "decode", "--as", "increment-request", "2a00000000000000")
	r.expect(t, 0)
	if !strings.Contains(r.out, "INCREMENT request") {
		t.Error(r.out)
	}
	run(t, "decode", "--as", "hello", "00").expect(t, 1, "truncated")
}

func TestDecodeNothing(t *testing.T) {
	run(t, "decode").expect(t, 1, "standard input: nothing to decode")
	run(t, "decode", "-f", filepath.Join(t.TempDir(), "none")).expect(t, 1, "none")
	run(t, "decode", "-f", t.TempDir()).expect(t, 1)
	runWith(t, t.Context(), `{"hex":"zz"}`, "decode").expect(t, 1, "standard input: line 1: not hexadecimal")
}

// Ctrl-C ends a decode that waits for input that never comes.
func TestDecodeInterrupted(t *testing.T) {
	in, feed := io.Pipe()
	defer feed.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var errs bytes.Buffer
	status := make(chan int, 1)
	go func() { status <- cli.Run(ctx, []string{"decode"}, cli.Streams{In: in, Out: io.Discard, Err: &errs}) }()
	if _, err := feed.Write([]byte("43")); err != nil { // it reads
		t.Fatal(err)
	}
	cancel()
	if got := linktest.Await(t, "the end", status); got != 1 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("status %d, %s", got, errs.String())
	}
}
