package cgroupsnapshot_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Ranging over items may end early.
func TestAllStops(t *testing.T) {
	var s cgroupsnapshot.Snapshot
	for range 3 {
		s.Items = append(s.Items, cgroupsnapshot.Item{Name: "n", Path: "/p"})
	}
	v, err := cgroupsnapshot.DecodeResponse(naive(s))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for i := range v.All() {
		if seen++; i == 1 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("%d items seen, want 2", seen)
	}
}

// What has failed once has failed: SetEncoded does not hide it.
func TestSetEncodedAfterFailure(t *testing.T) {
	var whole cgroupsnapshot.Snapshot
	payload := naive(whole)
	var b cgroupsnapshot.Builder
	first := b.Reset(make([]byte, 4), nil, 0)
	if first == nil {
		t.Fatal("a snapshot was begun in 4 bytes")
	}
	if err := b.SetEncoded(payload); err != first {
		t.Errorf("error %v, want the first one, %v", err, first)
	}
}
