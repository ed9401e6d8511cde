package linktest

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var reserveTests = []subtest{
	{"ExactlyAsAsked", anywhere, reserveExact},
	{"GrowKeepsBytes", anywhere, reserveGrow},
	{"CommitOfLess", anywhere, commitLess},
	{"CommitWithoutReserve", anywhere, commitMisuse},
	{"CommitTwice", anywhere, commitTwice},
	{"CommitOfMore", anywhere, commitMore},
	{"CommitOfTheWrongKind", anywhere, commitKind},
	{"CommitOfAnEmptyBatch", anywhere, commitEmptyBatch},
	{"Cancel", anywhere, cancelReserved},
}

func reserve(t testing.TB, c link.Conn, n int) []byte {
	t.Helper()
	b, err := c.Reserve(n)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) != n || cap(b) != n {
		t.Fatalf("%d bytes reserved: length %d, capacity %d", n, len(b), cap(b))
	}
	return b
}

func reserveExact(t *testing.T, h Harness) {
	p := h.open(t, limits{request: 5000})
	for _, n := range []int{0, 1, 5000, 31, 0, 4999} {
		reserve(t, p.client, n)
	}
	if _, err := p.client.Reserve(-1); err == nil {
		t.Error("-1 bytes reserved")
	}
	p.client.Cancel()
	p.works(t, 1)
}

func reserveGrow(t *testing.T, h Harness) {
	p := h.open(t, limits{request: 100000})
	want := random(100000)
	n := 0
	var b []byte
	for _, size := range []int{1, 2, 100, 1000, 4096, 65536, 100000} {
		b = reserve(t, p.client, size)
		if !bytes.Equal(b[:n], want[:n]) {
			t.Fatalf("enlarged from %d to %d bytes: the bytes are not what they were", n, size)
		}
		copy(b[n:], want[n:])
		n = size
	}
	sent := going(t, func() error { return p.client.Commit(request(1), n, patience()) })
	if m := mustRecv(t, p.server); !bytes.Equal(m.Payload, want) {
		t.Error("what was received is not what was reserved and filled in")
	}
	if err := Await(t, "Commit", sent); err != nil {
		t.Fatal(err)
	}
}

func commitLess(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	copy(reserve(t, p.client, 1000), "abcdef")
	if err := p.client.Commit(request(1), 3, patience()); err != nil {
		t.Fatal(err)
	}
	if m := mustRecv(t, p.server); string(m.Payload) != "abc" {
		t.Errorf("received %q, want the 3 bytes that were committed", m.Payload)
	}
}

func misused(t *testing.T, p pair, what string, err error) {
	t.Helper()
	wantOnly(t, what, err, link.ErrMisuse)
	p.works(t, 1)
}

func commitMisuse(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	misused(t, p, "commit", p.client.Commit(request(1), 0, patience()))
}

func commitTwice(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	mustSend(t, p.client, request(2), []byte("x"))
	err := p.client.Commit(request(3), 1, patience())
	mustSend(t, p.server, response(mustRecv(t, p.server).Header), nil)
	mustRecv(t, p.client)
	misused(t, p, "second commit", err)
}

func commitMore(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for _, n := range []int{-1, 11} {
		reserve(t, p.client, 10)
		misused(t, p, "commit", p.client.Commit(request(1), n, patience()))
	}
}

func commitKind(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	for _, kind := range []wire.Kind{0, wire.KindRequest, wire.KindResponse, wire.KindControl, 4} {
		head := request(1)
		head.Kind = kind
		if kind != wire.KindRequest {
			reserve(t, p.client, 1)
			misused(t, p, "client's commit", p.client.Commit(head, 1, patience()))
		}
		if kind != wire.KindResponse {
			reserve(t, p.server, 1)
			misused(t, p, "server's commit", p.server.Commit(head, 1, patience()))
		}
	}
}

func commitEmptyBatch(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	head := request(1)
	head.Flags, head.ItemCount = wire.FlagBatch, 0
	reserve(t, p.client, 8)
	misused(t, p, "commit", p.client.Commit(head, 8, patience()))
}

func cancelReserved(t *testing.T, h Harness) {
	p := h.open(t, limits{})
	p.client.Cancel()
	reserve(t, p.client, 10)
	p.client.Cancel()
	p.client.Cancel()
	misused(t, p, "commit", p.client.Commit(request(1), 10, patience()))
}
