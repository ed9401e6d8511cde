package linktest

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// batch builds a batch of n items whose sizes differ.
func batch(t testing.TB, n int) (payload []byte, items [][]byte) {
	t.Helper()
	var b wire.BatchBuilder
	buf := make([]byte, wire.BatchSize(n, n))
	if err := b.Reset(buf, n); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		items = append(items, random(i))
		if err := b.Add(items[i]); err != nil {
			t.Fatal(err)
		}
	}
	return buf[:b.Finish()], items
}

func batches(t *testing.T, h Harness) {
	p := h.openPackets(t, limits{request: 1 << 16, items: 100, packet: 100})
	echo(t, p.server)
	for n := 2; n <= 100; n += 7 {
		payload, items := batch(t, n)
		head := request(uint64(n))
		head.Flags, head.ItemCount = wire.FlagBatch, uint32(n)
		mustSend(t, p.client, head, payload)
		m := mustRecv(t, p.client)
		if got := m.Batch().Len(); got != n {
			t.Fatalf("a batch of %d came back with %d items", n, got)
		}
		for i, item := range m.Batch().All() {
			if !bytes.Equal(item, items[i]) {
				t.Errorf("batch of %d: item %d is %x, want %x", n, i, item, items[i])
			}
		}
	}
}

// batchOfOne: a writer never sends one, a reader accepts it (spec 01, "Batch payload").
func batchOfOne(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	payload, _ := batch(t, 1)
	head := request(1)
	head.Flags = wire.FlagBatch
	mustSend(t, p.client, head, payload)
	if got := mustRecv(t, p.server).Batch().Len(); got != 1 {
		t.Errorf("%d items, want 1", got)
	}
}

// errorAnswer: deployed servers keep the flag and the item count of the request on an answer without items.
func errorAnswer(t *testing.T, h Harness) {
	p := h.open(t, limits{items: 4})
	payload, _ := batch(t, 4)
	head := request(1)
	head.Flags, head.ItemCount = wire.FlagBatch, 4
	mustSend(t, p.client, head, payload)
	answer := response(mustRecv(t, p.server).Header)
	answer.Status = wire.StatusInternalError
	mustSend(t, p.server, answer, nil)
	if got := mustRecv(t, p.client).Header; got.Status != wire.StatusInternalError {
		t.Errorf("received %+v, want status %v", got, wire.StatusInternalError)
	}
	p.works(t, 2)
}
