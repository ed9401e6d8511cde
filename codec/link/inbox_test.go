package link

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// An Inbox judges as Check does, whatever comes.
func TestInboxIsCheck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Uint32Range(0, 40)
		l := Limits{RequestPayload: small.Draw(t, "request"), ResponsePayload: small.Draw(t, "response"),
			RequestItems: small.Draw(t, "request items"), ResponseItems: small.Draw(t, "response items"), Packet: 4096}
		kind := rapid.SampledFrom([]wire.Kind{wire.KindRequest, wire.KindResponse}).Draw(t, "kind")
		msg := make([]byte, rapid.IntRange(0, wire.HeaderSize+40).Draw(t, "size"))
		if len(msg) >= wire.HeaderSize {
			h := wire.Header{
				Kind:       rapid.SampledFrom([]wire.Kind{wire.KindRequest, wire.KindResponse, wire.KindControl, 9}).Draw(t, "is"),
				Flags:      wire.Flags(rapid.IntRange(0, 3).Draw(t, "flags")),
				Status:     wire.Status(rapid.IntRange(0, 6).Draw(t, "status")),
				ItemCount:  small.Draw(t, "items"),
				PayloadLen: rapid.OneOf(rapid.Just(uint32(len(msg)-wire.HeaderSize)), small, rapid.Uint32()).Draw(t, "payload"),
			}
			h.Put(msg)
		}
		if rapid.Bool().Draw(t, "damaged") && len(msg) > 0 {
			msg[rapid.IntRange(0, len(msg)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		i := NewInbox(kind, l)
		got, gotErr := i.Judge(msg)
		want, wantErr := Check(msg, kind, l)
		if got != want || (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() {
			t.Errorf("%+v, %v; Check says %+v, %v", got, gotErr, want, wantErr)
		}
	})
}

func TestInboxTakesWhatIsRight(t *testing.T) {
	l := Limits{RequestPayload: 8, RequestItems: 1}
	i := NewInbox(wire.KindRequest, l)
	if got := i.Largest(); got != wire.HeaderSize+8 {
		t.Errorf("the largest message has %d bytes", got)
	}
	h := wire.Header{Kind: wire.KindRequest, ItemCount: 1, PayloadLen: 8, MessageID: 3}
	msg := make([]byte, wire.HeaderSize+8)
	h.Put(msg)
	if got, err := i.Judge(msg); err != nil || got != h {
		t.Errorf("%+v, %v", got, err)
	}
}
