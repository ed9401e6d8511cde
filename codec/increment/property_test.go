package increment_test

import (
	"testing"

	"pgregory.net/rapid"
)

// decode(encode(v)) == v, whatever follows.
func TestRoundTrip(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, rapid.MakeCheck(func(t *rapid.T) {
			v := rapid.Uint64().Draw(t, "value")
			b := rapid.SliceOfN(rapid.Byte(), 8, 20).Draw(t, "buffer")
			if _, err := m.encode(b, v); err != nil {
				t.Fatal(err)
			}
			if got, err := m.decode(b); err != nil || got != v {
				t.Fatalf("%d became %d, %v", v, got, err)
			}
		}))
	}
}
