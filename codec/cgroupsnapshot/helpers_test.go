package cgroupsnapshot_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// tester is what tests, benchmarks, fuzz targets and properties have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// dirty returns n bytes that a test would see if an encoder left them.
func dirty(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xaa
	}
	return b
}

// encoders are all the ways to get from a snapshot to bytes; they write the same.
var encoders = map[string]func(t tester, s *cgroupsnapshot.Snapshot) []byte{
	"Snapshot": encode,
	"Builder with a right hint": func(t tester, s *cgroupsnapshot.Snapshot) []byte {
		return build(t, s, dirty(1<<16), len(s.Items))
	},
	"Builder without a hint": func(t tester, s *cgroupsnapshot.Snapshot) []byte {
		return build(t, s, dirty(1<<16), 0)
	},
	"Builder with 3 spare entries": func(t tester, s *cgroupsnapshot.Snapshot) []byte {
		return build(t, s, dirty(1<<16), len(s.Items)+3)
	},
}

func encode(t tester, s *cgroupsnapshot.Snapshot) []byte {
	t.Helper()
	size, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := dirty(size)
	n, err := s.Encode(b)
	if err != nil || n != size {
		t.Fatalf("%d of %d bytes, %v", n, size, err)
	}
	return b
}

func build(t tester, s *cgroupsnapshot.Snapshot, dst []byte, hint int) []byte {
	t.Helper()
	var b cgroupsnapshot.Builder
	if err := b.Reset(dst, nil, hint); err != nil {
		t.Fatal(err)
	}
	b.SetGeneration(s.Generation)
	b.SetSystemdEnabled(s.SystemdEnabled)
	for _, it := range s.Items {
		if err := b.AddItem(it); err != nil {
			t.Fatal(err)
		}
	}
	n, err := b.Finish()
	if err != nil || n != len(b.Bytes()) || b.Len() != len(s.Items) {
		t.Fatalf("%d bytes of %d, %d items of %d: %v", n, len(b.Bytes()), b.Len(), len(s.Items), err)
	}
	return b.Bytes()
}

// own decodes, and copies to keep.
func own(t tester, b []byte) cgroupsnapshot.Snapshot {
	t.Helper()
	v, err := cgroupsnapshot.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	var s cgroupsnapshot.Snapshot
	v.Clone(&s)
	return s
}

func must(tb testing.TB, ok bool) {
	if !ok {
		tb.Helper()
		tb.Fatal("wrong result")
	}
}
