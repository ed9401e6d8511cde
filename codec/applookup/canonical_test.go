package applookup

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

func drawItem(t *rapid.T) Item {
	if rapid.IntRange(0, 3).Draw(t, "known") == 0 {
		return Item{Status: Status(rapid.IntRange(1, 3).Draw(t, "status")), PID: 7, UID: UIDNotSet}
	}
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 0, 40, 40)
	it := Item{
		PID: 7, PPID: 1, UID: rapid.Uint32().Draw(t, "uid"), StartTime: rapid.Uint64().Draw(t, "start"),
		Comm: "c" + rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, CommMax-1, CommMax-1).Draw(t, "comm"),
	}
	switch it.CgroupStatus = CgroupStatus(rapid.IntRange(0, 3).Draw(t, "cgroup status")); it.CgroupStatus {
	case CgroupStatusKnown:
		it.Orchestrator = Orchestrator(rapid.IntRange(0, 9).Draw(t, "orchestrator"))
		it.CgroupName = text.Draw(t, "name")
		for range rapid.IntRange(0, 3).Draw(t, "labels") {
			it.Labels = append(it.Labels, Label{Key: "k" + text.Draw(t, "key"), Value: text.Draw(t, "value")})
		}
		fallthrough
	case CgroupStatusUnknownPermanent:
		it.CgroupPath = "/" + text.Draw(t, "path")
	case CgroupStatusUnknownRetryLater:
		it.CgroupPath = text.Draw(t, "path")
	}
	return it
}

// encoded returns the bytes of an item.
func encoded(t *rapid.T, it *Item) []byte {
	if field, err := it.shape(); err != nil {
		t.Fatal(field, err)
	}
	b := make([]byte, it.size())
	if !put(b, it.PID, it) {
		t.Fatal("a NUL was found")
	}
	return b
}

// TestCanonical: the quick way takes what builders write, and nothing that the long way refuses, however little is wrong
// with it.
func TestCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t)
		b := encoded(t, &it)
		if field, err := judge(b); err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		usual := it.Status != StatusKnown || it.CgroupStatus == CgroupStatusKnown
		if canonical(b) != usual {
			t.Fatalf("canonical: %v, want %v of %+v", canonical(b), usual, it)
		}
		lookuptest.Agree(t, b, itemPID, itemFixed, canonical, judge)
	})
}

// TestRequestWithGaps: pids are read wherever they lie.
func TestRequestWithGaps(t *testing.T) {
	r := Request{7, 8, 9}
	b := make([]byte, r.Size()+2*keySize)
	if _, err := EncodeRequest(b, r); err != nil {
		t.Fatal(err)
	}
	dir := b[16:]
	first := dir[len(r)*8:]
	copy(first[3*keySize:], first[keySize:3*keySize]) // the second and third lie two further on
	clear(first[keySize : 3*keySize])
	for i := uint32(1); i < 3; i++ {
		binary.NativeEndian.PutUint32(dir[i*8:], (i+2)*keySize)
	}
	v, err := DecodeRequest(b)
	if err != nil || v.Len() != len(r) {
		t.Fatalf("%d pids, %v", v.Len(), err)
	}
	for i, pid := range v.All() {
		if pid != r[i] || v.PID(i) != pid {
			t.Errorf("pid %d is %d, alone %d, want %d", i, pid, v.PID(i), r[i])
		}
	}
	var out Builder
	answer := make([]byte, 1000)
	if err := out.Reset(answer, nil, len(answer), v); err != nil {
		t.Fatal(err)
	}
	for range r {
		if err := out.Unknown(); err != nil {
			t.Fatal(err)
		}
	}
	n, err := out.Finish()
	if err != nil {
		t.Fatal(err)
	}
	said, err := DecodeResponse(answer[:n])
	if err != nil || said.Len() != len(r) {
		t.Fatalf("%d answers, %v", said.Len(), err)
	}
	for i, it := range said.All() {
		if it.PID() != r[i] {
			t.Errorf("answer %d is to %d, want %d", i, it.PID(), r[i])
		}
	}
}
