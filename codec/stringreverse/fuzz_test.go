package stringreverse_test

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

func FuzzDecodeRequest(f *testing.F)  { fuzz(f, messages[0]) }
func FuzzDecodeResponse(f *testing.F) { fuzz(f, messages[1]) }

// fuzz: no panic for any bytes, and what is accepted encodes to the bytes that it was read from.
func fuzz(f *testing.F, m message) {
	f.Add(golden.Bytes(f, goldenText))
	f.Add(golden.Bytes(f, emptyText))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := m.decode(b)
		if err != nil {
			return
		}
		got := dirty(stringreverse.Size(v.Len()))
		if n, err := m.encode(got, v.String()); err != nil || !bytes.Equal(got[:n], b[:n]) {
			t.Fatalf("%x became %x, %v", b, got, err)
		}
	})
}
