package increment_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/increment"
)

// Encoding and decoding allocate nothing (spec 07).
func TestNoAllocations(t *testing.T) {
	buf := make([]byte, increment.Size)
	for _, m := range messages {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := m.encode(buf, goldenValue); err != nil {
				t.Fatal(err)
			}
			if v, err := m.decode(buf); err != nil || v != goldenValue {
				t.Fatal(v, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", m.name, n)
		}
	}
}
