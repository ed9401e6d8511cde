package stringreverse_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

// Encoding, decoding and building allocate nothing (spec 07).
func TestNoAllocations(t *testing.T) {
	const s = "a string of some length"
	buf, out := make([]byte, 100), make([]byte, 100)
	var b stringreverse.Builder
	for _, m := range messages {
		if n := testing.AllocsPerRun(100, func() {
			_, err := m.encode(buf, s)
			must(t, err == nil)
			v, err := m.decode(buf)
			must(t, err == nil && v.Equal(s))
			must(t, b.Reset(out, nil) == nil && b.SetReversed(v) == nil)
			_, err = b.Finish()
			must(t, err == nil && len(b.Bytes()) == stringreverse.Size(len(s)))
		}); n != 0 {
			t.Errorf("%s: %v allocations", m.name, n)
		}
	}
}
