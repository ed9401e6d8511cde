package cgrouplookup

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
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
		lookuptest.Agree(t, b, itemPathOffset, itemFixed, canonical, judge)
	})
}
