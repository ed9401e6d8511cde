package cgroupsnapshot_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

func FuzzDecodeRequest(f *testing.F) {
	f.Add(golden.Bytes(f, requestText))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := cgroupsnapshot.DecodeRequest(b)
		if err != nil {
			return
		}
		got := make([]byte, cgroupsnapshot.RequestSize)
		if n, err := cgroupsnapshot.EncodeRequest(got, r); err != nil || !bytes.Equal(got[:n], b[:n]) {
			t.Fatalf("accepted %x, encodes to %x, %v", b, got, err)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add(golden.Bytes(f, responseText))
	f.Add(naive(cgroupsnapshot.Snapshot{}))
	f.Fuzz(func(t *testing.T, b []byte) { judge(t, b) })
}

// judge says what holds for any bytes: no panic; and what is accepted reads as it owns, and has the same value
// after it was owned, encoded and decoded.
func judge(t tester, b []byte) {
	t.Helper()
	before := bytes.Clone(b)
	v, err := cgroupsnapshot.DecodeResponse(b)
	if !bytes.Equal(b, before) {
		t.Fatal("decoding changed the bytes")
	}
	if err != nil {
		return
	}
	var s cgroupsnapshot.Snapshot
	v.Clone(&s)
	for i, it := range v.All() {
		if diff := cmp.Diff(it.Owned(), s.Items[i]); diff != "" {
			t.Fatalf("item %d alone, and with all others:\n%s", i, diff)
		}
	}
	size, err := s.Size()
	if err != nil || size > 1<<20 {
		return // items may overlap, so a small payload can hold a great many bytes
	}
	if diff := cmp.Diff(s, own(t, encode(t, &s)), equal); diff != "" {
		t.Fatalf("-decoded +encoded and decoded:\n%s", diff)
	}
}
