package increment_test

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

func FuzzDecodeRequest(f *testing.F)  { fuzz(f, messages[0]) }
func FuzzDecodeResponse(f *testing.F) { fuzz(f, messages[1]) }

// fuzz: no panic for any bytes, and what is accepted encodes to the bytes that it was read from.
func fuzz(f *testing.F, m message) {
	f.Add(golden.Bytes(f, goldenText))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := m.decode(b)
		if (err == nil) != (len(b) >= increment.Size) {
			t.Fatalf("%d bytes: %v", len(b), err)
		}
		if err != nil {
			return
		}
		got := make([]byte, increment.Size)
		if n, err := m.encode(got, v); err != nil || !bytes.Equal(got[:n], b[:n]) {
			t.Fatalf("%x became %x, %v", b, got, err)
		}
	})
}
