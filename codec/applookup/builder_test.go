package applookup_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

// invalid are items that nobody may send.
var invalid = []struct {
	name  string
	item  applookup.Item
	want  error
	field string
}{
	{"unknown status", applookup.Item{Status: 4, UID: notSet}, codec.ErrBadLayout, "status"},
	{"unknown, with cgroup status", applookup.Item{Status: 1, UID: notSet, CgroupStatus: 1}, codec.ErrBadLayout, "cgroup_status"},
	{"unknown, with ppid", applookup.Item{Status: 1, UID: notSet, PPID: 1}, codec.ErrBadLayout, "ppid"},
	{"unknown, with uid", applookup.Item{Status: 1}, codec.ErrBadLayout, "uid"},
	{"unknown, with starttime", applookup.Item{Status: 2, UID: notSet, StartTime: 1 << 32}, codec.ErrBadLayout, "starttime"},
	{"unknown, with comm", applookup.Item{Status: 3, UID: notSet, Comm: "c"}, codec.ErrBadLayout, "comm"},
	{"unknown, with path", applookup.Item{Status: 1, UID: notSet, CgroupPath: "/"}, codec.ErrBadLayout, "cgroup_path"},
	{"unknown, with orchestrator", applookup.Item{Status: 1, UID: notSet, Orchestrator: 1}, codec.ErrBadLayout, "orchestrator"},
	{"unknown, with name", applookup.Item{Status: 1, UID: notSet, CgroupName: "n"}, codec.ErrBadLayout, "cgroup_name"},
	{"unknown, with label", applookup.Item{Status: 1, UID: notSet, Labels: []applookup.Label{{Key: "k"}}}, codec.ErrBadLayout, "label_count"},
	{"no comm", applookup.Item{CgroupPath: "/"}, codec.ErrBadLayout, "comm_length"},
	{"long comm", applookup.Item{CgroupPath: "/", Comm: "0123456789abcdef"}, codec.ErrBadLayout, "comm_length"},
	{"unknown cgroup status", applookup.Item{CgroupStatus: 4, Comm: "c"}, codec.ErrBadLayout, "cgroup_status"},
	{"cgroup known, without path", applookup.Item{Comm: "c"}, codec.ErrBadLayout, "cgroup_path"},
	{"cgroup unknown for good, without path", applookup.Item{CgroupStatus: 2, Comm: "c"}, codec.ErrBadLayout, "cgroup_path"},
	{"host root, with path", applookup.Item{CgroupStatus: 3, Comm: "c", CgroupPath: "/"}, codec.ErrBadLayout, "cgroup_path"},
	{"cgroup unknown yet, with name", applookup.Item{CgroupStatus: 1, Comm: "c", CgroupName: "n"}, codec.ErrBadLayout, "cgroup_name"},
	{"cgroup unknown for good, with orchestrator", applookup.Item{CgroupStatus: 2, Comm: "c", CgroupPath: "/", Orchestrator: 1}, codec.ErrBadLayout, "orchestrator"},
	{"host root, with label", applookup.Item{CgroupStatus: 3, Comm: "c", Labels: []applookup.Label{{Key: "k"}}}, codec.ErrBadLayout, "label_count"},
	{"NUL in comm", applookup.Item{Comm: "a\x00b", CgroupPath: "/"}, codec.ErrInteriorNUL, "comm"},
	{"NUL in path", applookup.Item{Comm: "c", CgroupPath: "\x00"}, codec.ErrInteriorNUL, "cgroup_path"},
	{"NUL in name", applookup.Item{Comm: "c", CgroupPath: "/", CgroupName: "n\x00"}, codec.ErrInteriorNUL, "cgroup_name"},
	{"label without key", applookup.Item{Comm: "c", CgroupPath: "/", Labels: []applookup.Label{{Value: "v"}}}, codec.ErrBadLayout, "label key"},
	{"NUL in key", applookup.Item{Comm: "c", CgroupPath: "/", Labels: []applookup.Label{{Key: "k"}, {Key: "\x00"}}}, codec.ErrInteriorNUL, "labels"},
	{"NUL in value", applookup.Item{Comm: "c", CgroupPath: "/", Labels: []applookup.Label{{Key: "k", Value: "\x00"}}}, codec.ErrInteriorNUL, "labels"},
	{"too many labels", applookup.Item{Comm: "c", CgroupPath: "/", Labels: make([]applookup.Label, math.MaxUint16+1)}, codec.ErrBadCount, "label_count"},
}

const notSet = applookup.UIDNotSet

// What may not be is refused, whether there is room for it or not, and in any place.
func TestBuilderRefuses(t *testing.T) {
	for _, c := range append(invalid[:len(invalid):len(invalid)], struct {
		name  string
		item  applookup.Item
		want  error
		field string
	}{"another pid", applookup.Item{PID: 8, Comm: "c", CgroupPath: "/"}, codec.ErrBadLayout, "pid"}) {
		for _, size := range []int{16 + 3*8 + 3*64, 1 << 16} {
			for before := range 3 {
				var b applookup.Builder
				if err := b.Reset(lookuptest.Dirty(size), nil, size, ask(t, applookup.Request{7, 7, 7})); err != nil {
					t.Fatal(err)
				}
				for range before {
					if err := b.Add(applookup.Item{Comm: "c", CgroupPath: "/some/path"}); err != nil {
						t.Fatal(err)
					}
				}
				err := b.Add(c.item)
				var e *codec.Error
				if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Item != before || e.Field != c.field {
					t.Errorf("%s in %d bytes: %v", c.name, size, err)
				}
				if again := b.Unknown(); again != err {
					t.Errorf("%s: the error did not last: %v", c.name, again)
				}
				if n, again := b.Finish(); again != err || n != 0 || b.Bytes() != nil || b.Err() != err {
					t.Errorf("%s: finished in spite of it: %d, %v", c.name, n, again)
				}
				if err := b.Reset(lookuptest.Dirty(16), nil, 16, applookup.RequestView{}); err != nil || b.Err() != nil {
					t.Errorf("Reset does not forgive: %v", err)
				}
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, c := range invalid {
		r := applookup.Response{Items: []applookup.Item{unknown(1, applookup.StatusUnknown), c.item}}
		n, err := r.Encode(lookuptest.Dirty(1 << 21))
		var e *codec.Error
		if n != 0 || !errors.Is(err, c.want) || !errors.As(err, &e) || e.Item != 1 || e.Field != c.field {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
	}
}

func TestEncodeRequestOverflow(t *testing.T) {
	for size := range requestGolden.Size() {
		b := lookuptest.Dirty(size)
		if n, err := applookup.EncodeRequest(b, requestGolden); n != 0 || !errors.Is(err, codec.ErrOverflow) {
			t.Errorf("in %d bytes: %d, %v", size, n, err)
		}
	}
}

func TestBuilderCounts(t *testing.T) {
	var b applookup.Builder
	if _, err := b.Finish(); !errors.Is(err, codec.ErrOverflow) || b.Bytes() != nil {
		t.Errorf("Finish without Reset: %v", err)
	}
	if err := b.Add(applookup.Item{}); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("Add without Reset: %v", err)
	}
	reset := func() {
		if err := b.Reset(lookuptest.Dirty(1024), nil, 1024, ask(t, requestGolden)); err != nil {
			t.Fatal(err)
		}
		if err := b.Add(responseGolden.Items[0]); err != nil {
			t.Fatal(err)
		}
	}
	reset()
	if _, err := b.Finish(); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("a pid without an answer: %v", err)
	}
	reset()
	if err := b.Unknown(); err != nil {
		t.Fatal(err)
	}
	first, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	b.SetGeneration(7)
	if b.Bytes() != nil {
		t.Error("bytes of an unfinished answer")
	}
	if n, err := b.Finish(); n != first || err != nil || own(t, b.Bytes()).Generation != 7 {
		t.Errorf("finished again: %d of %d, %v", n, first, err)
	}
	if err := b.Add(applookup.Item{}); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("more answers than pids: %v", err)
	}
}

// 65535 labels are the most there can be.
func TestMostLabels(t *testing.T) {
	r := applookup.Response{Items: []applookup.Item{{Comm: "c", CgroupPath: "/p", Labels: make([]applookup.Label, math.MaxUint16)}}}
	for i := range r.Items[0].Labels {
		r.Items[0].Labels[i].Key = "k"
	}
	if got := own(t, encode(t, &r)); !got.Equal(r) {
		t.Error("65535 labels are not what they were")
	}
}

// Sizes are u32: the largest payload is math.MaxUint32 bytes, or what an int holds.
func TestSizeStopsAtU32(t *testing.T) {
	const most = min(math.MaxUint32, math.MaxInt)
	long := strings.Repeat("x", 1<<24)
	item := func(path string) applookup.Item { return applookup.Item{Comm: "c", CgroupPath: path} }
	var r applookup.Response
	size := func() int {
		n, err := r.Size()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for len(r.Items) == 0 || most-size() > 2*len(long) {
		r.Items = append(r.Items, item(long))
	}
	last := len(r.Items)
	r.Items = append(r.Items, item("x"), item("x"))
	r.Items[last] = item(long[:(most-size())/2])
	r.Items[last+1] = item(long[:most-size()+1])
	if size() != most {
		t.Fatalf("%d bytes, want the most there can be", size())
	}
	r.Items[last+1] = item(long[:1+len(r.Items[last+1].CgroupPath)])
	if n, err := r.Size(); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("%d bytes, %v: more than %d", n, err, uint32(most))
	}
	if n, err := r.Encode(lookuptest.Dirty(100)); n != 0 || !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("encoded: %d, %v", n, err)
	}
}
