package stringreverse_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

// decode(encode(v)) == v, whatever follows; and what is reversed twice is what it was.
func TestRoundTrip(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, rapid.MakeCheck(func(t *rapid.T) {
			s := string(rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "string"))
			b := dirty(stringreverse.Size(len(s)) + rapid.IntRange(0, 9).Draw(t, "more"))
			n, err := m.encode(b, s)
			if err != nil {
				t.Fatal(err)
			}
			v, err := m.decode(b)
			if err != nil || !v.Equal(s) {
				t.Fatalf("%q became %q, %v", s, v, err)
			}
			once, twice := make([]byte, len(s)), make([]byte, len(s))
			stringreverse.Reverse(once, v.Bytes())
			stringreverse.Reverse(twice, once)
			if string(once) != naive(s) || string(twice) != s {
				t.Fatalf("%q reversed is %q, and that %q", s, once, twice)
			}
			for end := range n {
				if _, err := m.decode(b[:end]); err == nil {
					t.Fatalf("%d of %d bytes were accepted", end, n)
				}
			}
		}))
	}
}
