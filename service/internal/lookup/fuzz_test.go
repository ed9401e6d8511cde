package lookup_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service/applookup"
)

// FuzzAnswers: whatever a provider says, request by request, the call ends within its ceiling, with an error or with an
// answer that is to what was asked. script is cut at 0xff into what is done to the honest answer of each request: a
// first byte says what, the rest is the material; the last piece holds for all requests that follow.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(3), []byte{})
	f.Add(uint8(200), []byte{})
	f.Add(uint8(20), []byte("\x01\x00\x02\x00\xff\x00"))
	f.Add(uint8(20), []byte("\x01\x02\x02\x02\xff\x01\x00"))
	f.Add(uint8(9), []byte("\x02\x10\x55\xff\x03\x01"))
	f.Add(uint8(9), []byte("\x04\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, keys uint8, script []byte) {
		const calls = 64
		pieces := split(script)
		r := newRawRig(t, limits{request: 1 << 10, response: 1 << 16, depth: depths[keys%2]}, applookup.Ceilings{Calls: calls}, func(n int, pids []uint32) []byte {
			return said(t, pids, pieces[min(n, len(pieces)-1)])
		})
		pids := numbered(int(keys))
		err := r.View(context.Background(), pids, func(v applookup.AnswerView) error {
			if v.Len() != len(pids) {
				t.Errorf("%d items for %d keys", v.Len(), len(pids))
			}
			next := 0
			for i, it := range v.All() {
				if i != next || it.PID() != pids[i] || it.Status() == payload.StatusPayloadExceeded {
					t.Errorf("item %d (%d) is %+v", next, i, it.Owned())
				}
				next++
			}
			if next != len(pids) {
				t.Errorf("%d items are yielded of %d", next, len(pids))
			}
			return nil
		})
		var op *link.OpError
		if err != nil && !errors.As(err, &op) {
			t.Errorf("%v is of no endpoint", err)
		}
		if len(r.asked()) > 2*calls {
			t.Errorf("%d requests", len(r.asked()))
		}
	})
}

func split(script []byte) (pieces [][]byte) {
	for from := 0; ; {
		to := from
		for to < len(script) && script[to] != 0xff {
			to++
		}
		pieces = append(pieces, script[from:to])
		if from = to + 1; from >= len(script) {
			return pieces
		}
	}
}

// said is what a provider says about pids, as a piece of a script has it.
func said(t *testing.T, pids []uint32, piece []byte) []byte {
	what, rest := byte(0), piece
	if len(piece) > 0 {
		what, rest = piece[0], piece[1:]
	}
	r := items(pids, func(i int) payload.Status {
		if what == 1 && len(rest) > 0 { // statuses
			return payload.Status(rest[i%len(rest)] % 4)
		}
		return payload.StatusKnown
	})
	switch {
	case what == 3 && len(rest) > 0: // another generation
		r.Generation = uint64(rest[0])
	case what == 4 && len(rest) > 0 && len(r.Items) > 0: // another number of items
		r.Items = r.Items[:int(rest[0])%len(r.Items)]
	}
	size, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := r.Encode(b); err != nil {
		t.Fatal(err)
	}
	switch {
	case what == 2: // other bytes, somewhere
		for ; len(rest) >= 3; rest = rest[3:] {
			b[int(binary.NativeEndian.Uint16(rest))%len(b)] = rest[2]
		}
	case what >= 5: // nothing of it
		return rest
	}
	return b
}
