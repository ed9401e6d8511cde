package applookup_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/applookup"
)

// text draws any bytes but NUL.
func text(least, most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.ByteMin(1), least, most).Draw(t, "bytes"))
	})
}

var itemGen = rapid.Custom(func(t *rapid.T) applookup.Item {
	u32 := rapid.Uint32()
	pid := u32.Draw(t, "pid")
	status := applookup.Status(rapid.OneOf(rapid.Just(uint16(0)), rapid.Uint16Range(0, 3)).Draw(t, "status"))
	if status != applookup.StatusKnown {
		return unknown(pid, status)
	}
	it := applookup.Item{
		CgroupStatus: applookup.CgroupStatus(rapid.OneOf(rapid.Just(uint16(0)), rapid.Uint16Range(0, 3)).Draw(t, "cgroup status")),
		PID:          pid, PPID: u32.Draw(t, "ppid"), UID: u32.Draw(t, "uid"), StartTime: rapid.Uint64().Draw(t, "starttime"),
		Comm: text(1, applookup.CommMax).Draw(t, "comm"),
	}
	switch it.CgroupStatus {
	case applookup.CgroupStatusUnknownRetryLater:
		it.CgroupPath = text(0, 20).Draw(t, "path")
	case applookup.CgroupStatusUnknownPermanent, applookup.CgroupStatusKnown:
		it.CgroupPath = text(1, 20).Draw(t, "path")
	}
	if it.CgroupStatus != applookup.CgroupStatusKnown {
		return it
	}
	it.Orchestrator = applookup.Orchestrator(rapid.Uint16().Draw(t, "orchestrator"))
	it.CgroupName = text(0, 20).Draw(t, "name")
	it.Labels = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) applookup.Label {
		return applookup.Label{Key: text(1, 9).Draw(t, "key"), Value: text(0, 9).Draw(t, "value")}
	}), 0, 4).Draw(t, "labels")
	return it
})

func responses(most int) *rapid.Generator[applookup.Response] {
	return rapid.Custom(func(t *rapid.T) applookup.Response {
		return applookup.Response{
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

		req := pids(r.Items)
		b = naiveRequest(req)
		if got := encodeRequest(t, req); !bytes.Equal(got, b) {
			t.Fatalf("request\n%x, want\n%x", got, b)
		}
		kept := make(applookup.Request, rapid.IntRange(0, 30).Draw(t, "kept"))
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
		judgeRequest(t, damage(t, naiveRequest(pids(r.Items))))
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
