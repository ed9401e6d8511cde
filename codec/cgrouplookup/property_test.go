package cgrouplookup_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

// text draws any bytes but NUL.
func text(least, most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.ByteMin(1), least, most).Draw(t, "bytes"))
	})
}

var itemGen = rapid.Custom(func(t *rapid.T) cgrouplookup.Item {
	it := cgrouplookup.Item{
		Status: cgrouplookup.Status(rapid.OneOf(rapid.Just(uint16(0)), rapid.Uint16Range(0, 4)).Draw(t, "status")),
		Path:   text(1, 20).Draw(t, "path"),
	}
	if it.Status != cgrouplookup.StatusKnown {
		return it
	}
	it.Orchestrator = cgrouplookup.Orchestrator(rapid.Uint16().Draw(t, "orchestrator"))
	it.Name = text(0, 20).Draw(t, "name")
	it.Labels = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cgrouplookup.Label {
		return cgrouplookup.Label{Key: text(1, 9).Draw(t, "key"), Value: text(0, 9).Draw(t, "value")}
	}), 0, 4).Draw(t, "labels")
	return it
})

func responses(most int) *rapid.Generator[cgrouplookup.Response] {
	return rapid.Custom(func(t *rapid.T) cgrouplookup.Response {
		return cgrouplookup.Response{
			Generation: rapid.Uint64().Draw(t, "generation"),
			Items:      rapid.SliceOfN(itemGen, 0, most).Draw(t, "items"),
		}
	})
}

// decode(encode(v)) == v and encode(decode(b)) == b, and all encoders write what the naive one writes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := responses(20).Draw(t, "response")
		b := naiveResponse(r.Generation, r.Items)
		for name, encode := range encoders {
			if got := encode(t, &r); !bytes.Equal(got, b) {
				t.Fatalf("%s wrote\n%x, want\n%x", name, got, b)
			}
		}
		got := own(t, b)
		if diff := cmp.Diff(r, got, equal); diff != "" {
			t.Fatalf("-encoded +decoded:\n%s", diff)
		}
		judge(t, b)

		req := paths(r.Items)
		b = naiveRequest(req)
		if got := encodeRequest(t, req); !bytes.Equal(got, b) {
			t.Fatalf("request\n%x, want\n%x", got, b)
		}
		kept := make(cgrouplookup.Request, rapid.IntRange(0, 30).Draw(t, "kept"))
		ask(t, req).Clone(&kept)
		if diff := cmp.Diff(req, kept); diff != "" {
			t.Fatalf("request -encoded +decoded:\n%s", diff)
		}
		judgeRequest(t, b)
	})
}

// A damaged payload is refused, or is one that survives being encoded; never a panic.
func TestDamaged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := responses(5).Draw(t, "response")
		judge(t, damage(t, naiveResponse(r.Generation, r.Items)))
		judgeRequest(t, damage(t, naiveRequest(paths(r.Items))))
	})
}

func damage(t *rapid.T, b []byte) []byte {
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		at := rapid.IntRange(0, len(b)-4).Draw(t, "at") &^ 3
		to := rapid.OneOf(rapid.Uint32Range(0, 128), rapid.Uint32()).Draw(t, "to")
		binary.NativeEndian.PutUint32(b[at:], to)
	}
	return b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
}
