package explain_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/tools/internal/explain"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// Any input is explained without a panic, and what is pointed at lies in it; of one whole message the verdict is
// a receiver's.
func FuzzExplain(f *testing.F) {
	request := message(wire.Header{Kind: wire.KindRequest, Code: 2, ItemCount: 1, MessageID: 5}, 1, 0, 0, 0)
	f.Add(request)
	f.Add(snapshotMessage(f, 5))
	f.Add(bytes.Join(split(snapshotMessage(f, 5), 5, 100), nil))
	f.Add(lines(split(snapshotMessage(f, 5), 5, 64), "%x\n"))
	f.Add(lines([][]byte{request}, `{"conn":1,"dir":"c2s","hex":"%x"}`))
	f.Add(link.AppendHello(nil, link.Proposal{}.WithDefaults(1, 100)))
	f.Add(link.AppendRefusal(nil, wire.StatusUnsupported))
	f.Fuzz(func(t *testing.T, input []byte) {
		e := explain.New()
		e.MaxItems = 16
		if err := e.AddAll(input, explain.Auto); err == nil {
			r := e.Finish()
			check(t, r, len(input))
		}
		for _, kind := range explain.Types {
			e := explain.New()
			if err := e.AddPayload(kind, explain.Input{Bytes: input}); err != nil {
				t.Fatal(err)
			}
			check(t, e.Finish(), len(input))
		}
		r := report(input)
		check(t, r, len(input))
		h, err := wire.DecodeHeader(input)
		if err != nil || h.Kind == wire.KindControl || h.Code != 2 || h.Kind != wire.KindResponse {
			return
		}
		if want := judge(input); (want == nil) != r.OK {
			t.Errorf("a receiver says %v, explained: %v", want, r.Problems)
		}
	})
}

func check(t *testing.T, r explain.Report, size int) {
	t.Helper()
	if r.OK != (len(r.Problems) == 0) {
		t.Errorf("ok %v with problems %v", r.OK, r.Problems)
	}
	for _, p := range r.Problems {
		if p.Offset < 0 || p.Offset > size || p.Field == "" || p.Message == "" {
			t.Errorf("%d bytes: pointed at %v", size, p)
		}
	}
	if err := r.WriteText(io.Discard, true); err != nil {
		t.Error(err)
	}
	if err := r.WriteProblems(io.Discard, true); err != nil {
		t.Error(err)
	}
	if err := render.JSON(io.Discard, r); err != nil {
		t.Error(err)
	}
}
