//go:build linux || freebsd

package local_test

import (
	"encoding/binary"
	"errors"
	"testing"

	snapshotcodec "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
)

// act does with our client what the recorded one did, and compares what came of it.
func act(t *testing.T, tr *transcript, d link.Dialer, p link.Proposal) {
	t.Helper()
	cfg := service.Config{Proposal: p, MaxItems: p.RequestItems}
	switch mode := tr.head.ClientArgs["mode"]; mode {
	case "inc":
		actIncrement(t, tr, d, cfg)
	case "batch":
		actBatch(t, tr, d, cfg)
	case "pipe":
		actPipeline(t, tr, d, p)
	case "snapshot":
		actSnapshot(t, tr, d, cfg)
	default:
		t.Fatalf("nobody acts as a client of mode %q", mode)
	}
}

// outcomes returns the recorded results of the calls themselves, without the connecting before.
func (tr *transcript) outcomes(call string) (rs []result) {
	for _, r := range tr.results {
		if r.Call == call {
			rs = append(rs, r)
		}
	}
	return rs
}

func actIncrement(t *testing.T, tr *transcript, d link.Dialer, cfg service.Config) {
	c := increment.NewClient(d, cfg)
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorded := tr.outcomes("increment")
	values := numbers(t, tr.head.ClientArgs["values"])
	if len(recorded) != len(values) {
		t.Fatalf("%d results for %d calls", len(recorded), len(values))
	}
	for i, v := range values {
		got, err := c.Call(t.Context(), v)
		if err != nil || recorded[i].Value == nil || got != uint64(*recorded[i].Value) {
			t.Fatalf("call %d: %d, %v; recorded %+v", i, got, err, recorded[i])
		}
	}
}

func actBatch(t *testing.T, tr *transcript, d link.Dialer, cfg service.Config) {
	c := increment.NewClient(d, cfg)
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := numbers(t, tr.head.ClientArgs["values"])
	out := make([]uint64, len(in))
	if err := c.CallBatch(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if out[i] != in[i]+1 {
			t.Fatalf("item %d: %d for %d", i, out[i], in[i])
		}
	}
}

// actPipeline works at Level 1, as the recorded clients did: all requests out, then all answers in.
func actPipeline(t *testing.T, tr *transcript, d link.Dialer, p link.Proposal) {
	conn, err := d.Dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// What was asked is in the recording, not in the arguments.
	requests := messages(t, tr.connections()[0], "c2s", wire.KindRequest, conn.Info().Limits)
	if depth := number(t, tr.head.ClientArgs, "depth"); uint64(len(requests)) != depth {
		t.Fatalf("%d requests were recorded of %d", len(requests), depth)
	}
	limit := link.Within(patience)
	asked := map[uint64]uint64{}
	for i, r := range requests {
		buf, err := conn.Reserve(len(r.Payload))
		if err != nil {
			t.Fatal(err)
		}
		copy(buf, r.Payload)
		h := r.Header
		h.MessageID = uint64(1000 + i)
		asked[h.MessageID] = binary.NativeEndian.Uint64(r.Payload)
		if err := conn.Commit(h, len(r.Payload), &limit); err != nil {
			t.Fatal(err)
		}
	}
	var m link.Message
	for range requests {
		if err := conn.Recv(&m, &limit); err != nil {
			t.Fatal(err)
		}
		v, ok := asked[m.Header.MessageID]
		if got := binary.NativeEndian.Uint64(m.Payload); !ok || got != v+1 {
			t.Fatalf("answer %d to request %d (%v)", got, v, ok)
		}
		delete(asked, m.Header.MessageID)
	}
}

func actSnapshot(t *testing.T, tr *transcript, d link.Dialer, cfg service.Config) {
	c := cgroupsnapshot.NewClient(d, cfg)
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, r := range tr.outcomes("snapshot") {
		var s snapshotcodec.Snapshot
		if err := c.Get(t.Context(), &s); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		if r.Items == nil || r.Generation == nil || len(s.Items) != *r.Items || s.Generation != uint64(*r.Generation) {
			t.Fatalf("call %d: %d items of generation %d; recorded %+v", i, len(s.Items), s.Generation, r)
		}
	}
}

// replayBatchBeyondLimit: the server refuses as the deployed C server does (spec 15-l), where the deployed Go
// server closed without a word; the client refuses before it sends (15-l), where the deployed Go client sent.
func replayBatchBeyondLimit(t *testing.T, tr *transcript) {
	t.Run("as server", func(t *testing.T) {
		for _, events := range tr.connections() {
			runDir := serve(t, tr, events)
			conn := dialRaw(t, runDir)
			buf := make([]byte, 1<<16)
			for _, e := range events {
				switch e.Dir {
				case "c2s":
					if _, err := conn.Write(e.Hex); err != nil {
						t.Fatal(err)
					}
					n, err := conn.Read(buf)
					if err != nil {
						t.Fatal(err)
					}
					h, err := wire.DecodeHeader(buf[:n])
					request, _ := wire.DecodeHeader(e.Hex)
					switch {
					case err != nil:
						t.Fatal(err)
					case h.Kind == wire.KindControl && h.Status == wire.StatusOK:
					case h.Kind == wire.KindResponse && h.Status == wire.StatusLimitExceeded && h.Code == request.Code &&
						h.MessageID == request.MessageID && h.Flags == 0 && h.ItemCount == 1 && h.PayloadLen == 0:
						if n, err := conn.Read(buf); n != 0 || err == nil {
							t.Fatalf("%d bytes after the refusal, %v", n, err)
						}
					default:
						t.Fatalf("answer %s", describe(buf[:n]))
					}
				}
			}
		}
	})
	t.Run("as client", func(t *testing.T) {
		runDir := t.TempDir()
		first := tr.connections()[0]
		hello, ack := handshake(t, first)
		in := numbers(t, tr.head.ClientArgs["values"])
		if uint32(len(in)) <= ack.MaxRequestItems {
			t.Fatal("the recorded batch is not beyond the limit")
		}
		played := playRecorded(t, runDir, [][]event{handshakeOf(first)})
		d := dialer(t, runDir)
		c := increment.NewClient(d, service.Config{Proposal: proposalOf(hello), MaxItems: hello.MaxRequestItems})
		defer c.Close()
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		var growth *service.GrowthError
		if err := c.CallBatch(t.Context(), in, make([]uint64, len(in))); !errors.As(err, &growth) {
			t.Fatalf("got %v, want a *GrowthError", err)
		}
		if err := <-played; err != nil {
			t.Fatal(err)
		}
	})
}

// handshakeOf returns the events up to the acknowledgement.
func handshakeOf(events []event) []event {
	for i, e := range events {
		if e.Dir == "s2c" {
			return events[:i+1]
		}
	}
	return events
}
