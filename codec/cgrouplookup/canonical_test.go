package cgrouplookup

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

func drawItem(t *rapid.T) Item {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 0, 40, 40)
	it := Item{Path: "/" + text.Draw(t, "path"), Status: Status(rapid.IntRange(0, 4).Draw(t, "status"))}
	if it.Status != StatusKnown {
		return it
	}
	it.Orchestrator = Orchestrator(rapid.IntRange(0, 9).Draw(t, "orchestrator"))
	it.Name = text.Draw(t, "name")
	for range rapid.IntRange(0, 3).Draw(t, "labels") {
		it.Labels = append(it.Labels, Label{Key: "k" + text.Draw(t, "key"), Value: text.Draw(t, "value")})
	}
	return it
}

// TestCanonical: the quick way takes what builders write, and nothing that the long way refuses, however little is wrong
// with it.
func TestCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		b := make([]byte, it.size(len(it.Path)))
		if !put(b, it.Path, &it) {
			t.Fatal("a NUL was found")
		}
		if field, err := judge(b); err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		if !canonical(b) {
			t.Fatalf("not canonical: %+v", it)
		}
		agrees := func(b []byte, what string) {
			if field, err := judge(b); canonical(b) && err != nil {
				t.Fatalf("%s of %x: the quick way takes it, and %s: %v", what, b, field, err)
			}
		}
		for end := range b {
			agrees(b[:end:end], "a part")
		}
		agrees(append(b[:len(b):len(b)], 0), "one more")
		for at := range b { // every byte, a little and a lot
			for _, flip := range []byte{1, 2, 0x80, 0xff, b[at]} {
				b[at] ^= flip
				agrees(b, "a byte")
				b[at] ^= flip
			}
		}
		for at := itemPathOffset; at+4 <= itemFixed; at += 4 { // two numbers that make up for each other
			for other := itemPathOffset; other < itemLabelCount; other += 4 {
				for _, n := range []uint32{1, ^uint32(0), 1 << 31} {
					wrong := append([]byte(nil), b...)
					add(wrong, at, n)
					add(wrong, other, -n)
					agrees(wrong, "two numbers")
				}
			}
		}
	})
}

func add(b []byte, at int, n uint32) {
	binary.NativeEndian.PutUint32(b[at:], binary.NativeEndian.Uint32(b[at:])+n)
}
