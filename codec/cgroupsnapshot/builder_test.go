package cgroupsnapshot_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

func TestBuilderRefusesNUL(t *testing.T) {
	for _, c := range []struct{ name, path, field string }{
		{"a\x00b", "", "name"},
		{"", "\x00", "path"},
	} {
		var b cgroupsnapshot.Builder
		if err := b.Reset(dirty(256), nil, 2); err != nil {
			t.Fatal(err)
		}
		if err := b.Add(1, 2, 3, "fine", "fine"); err != nil {
			t.Fatal(err)
		}
		err := b.Add(1, 2, 3, c.name, c.path)
		var e *codec.Error
		if !errors.Is(err, codec.ErrInteriorNUL) || !errors.As(err, &e) || e.Item != 1 || e.Field != c.field {
			t.Errorf("%q, %q: %v", c.name, c.path, err)
		}
		if err := b.AddBytes(1, 2, 3, nil, nil); !errors.Is(err, codec.ErrInteriorNUL) {
			t.Errorf("the error did not last: %v", err)
		}
		if n, err := b.Finish(); !errors.Is(err, codec.ErrInteriorNUL) || n != 0 || b.Bytes() != nil || b.Err() != err {
			t.Errorf("finished in spite of it: %d, %v", n, err)
		}
		if err := b.Reset(dirty(256), nil, 0); err != nil || b.Err() != nil {
			t.Errorf("Reset does not forgive: %v", err)
		}
	}
}

// What was received can be passed on, NULs and all.
func TestSnapshotKeepsNUL(t *testing.T) {
	want := cgroupsnapshot.Snapshot{Items: []cgroupsnapshot.Item{{Name: "a\x00b", Path: "\x00"}}}
	if diff := cmp.Diff(want, own(t, encode(t, &want)), equal); diff != "" {
		t.Error(diff)
	}
}

// In every fixed buffer, whatever the hint, the builder takes as many items as have room, and no fewer.
func TestBuilderUsesTheWholeBuffer(t *testing.T) {
	s := snapshotGolden
	for hint := range 8 {
		for size := range len(golden.Bytes(t, responseText)) + 10 {
			var b cgroupsnapshot.Builder
			whole := dirty(size + 8)
			err := b.Reset(whole[:size:size], nil, hint)
			taken := 0
			for ; err == nil && taken < len(s.Items); taken++ {
				if err = b.AddItem(s.Items[taken]); err != nil {
					break
				}
			}
			for _, c := range whole[size:] {
				if c != 0xaa {
					t.Fatalf("hint %d: wrote behind %d bytes", hint, size)
				}
			}
			if err != nil && !errors.Is(err, codec.ErrOverflow) {
				t.Fatal(err)
			}
			want := 0
			for want < len(s.Items) && sizeOf(t, s.Items[:want+1]) <= size {
				want++
			}
			if taken != want || b.Len() != want {
				t.Fatalf("hint %d, %d bytes: %d items, of which %d fit", hint, size, taken, want)
			}
		}
	}
}

func sizeOf(t *testing.T, items []cgroupsnapshot.Item) int {
	n, err := (&cgroupsnapshot.Snapshot{Items: items}).Size()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var errSession = errors.New("agreed limit reached")

// growing returns a Grow up to limit that scribbles over the buffer that died.
func growing(buf *[]byte, limit int) codec.Grow {
	return func(n int) ([]byte, error) {
		if n > limit {
			return nil, errSession
		}
		grown := dirty(n)
		copy(grown, *buf)
		for i := range *buf {
			(*buf)[i] = 0xdb
		}
		*buf = grown
		return grown, nil
	}
}

// A builder that grows from nothing writes what one with all the room writes, and needs no more than that.
func TestBuilderGrows(t *testing.T) {
	s := many(500)
	want := encode(t, &s)
	for hint := range []int{0, 1, 499, 500, 501, 5000, math.MaxInt} {
		var b cgroupsnapshot.Builder
		var buf []byte
		err := b.Reset(nil, growing(&buf, len(want)), hint)
		b.SetGeneration(s.Generation)
		for _, it := range s.Items {
			if err == nil {
				err = b.AddItem(it)
			}
		}
		if err != nil {
			t.Fatalf("hint %d: %v", hint, err)
		}
		n, err := b.Finish()
		if err != nil || !bytes.Equal(b.Bytes(), want) || n != len(want) || &buf[0] != &b.Bytes()[0] {
			t.Errorf("hint %d: %d bytes, want %d; %v", hint, n, len(want), err)
		}
	}
}

func TestBuilderGrowRefused(t *testing.T) {
	s := many(500)
	var b cgroupsnapshot.Builder
	var buf []byte
	err := b.Reset(nil, growing(&buf, len(encode(t, &s))-1), 0)
	for _, it := range s.Items {
		if err == nil {
			err = b.AddItem(it)
		}
	}
	if b.Len() != 499 {
		t.Errorf("%d items of 500 fit all but one byte", b.Len())
	}
	if !errors.Is(err, errSession) || !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("error %v: want one that is both codec.ErrOverflow and Grow's own", err)
	}
	if _, again := b.Finish(); again != err {
		t.Errorf("the error did not last: %v", again)
	}
}

func TestBuilderWithoutRoom(t *testing.T) {
	var zero cgroupsnapshot.Builder
	if _, err := zero.Finish(); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("Finish without Reset: %v", err)
	}
	if err := zero.Add(0, 0, 0, "", ""); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("Add without Reset: %v", err)
	}
	var b cgroupsnapshot.Builder
	if err := b.Reset(make([]byte, 23), nil, 0); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("a header in 23 bytes: %v", err)
	}
	if err := b.Reset(make([]byte, 24), nil, math.MaxInt); err != nil {
		t.Errorf("a hint is no demand: %v", err)
	}
	if n, err := b.Finish(); err != nil || n != 24 {
		t.Errorf("an empty snapshot: %d, %v", n, err)
	}
}

// Finish is a look at what there is, not the end.
func TestBuilderGoesOnAfterFinish(t *testing.T) {
	var b cgroupsnapshot.Builder
	if err := b.Reset(dirty(1024), nil, 5); err != nil {
		t.Fatal(err)
	}
	b.SetGeneration(snapshotGolden.Generation)
	b.SetSystemdEnabled(snapshotGolden.SystemdEnabled)
	for i, it := range snapshotGolden.Items {
		if err := b.AddItem(it); err != nil {
			t.Fatal(err)
		}
		if b.Bytes() != nil {
			t.Error("bytes of an unfinished snapshot")
		}
		if _, err := b.Finish(); err != nil {
			t.Fatal(err)
		}
		want := snapshotGolden
		want.Items = want.Items[:i+1]
		if diff := cmp.Diff(want, own(t, b.Bytes()), equal); diff != "" {
			t.Errorf("after %d items: %s", i+1, diff)
		}
	}
	if diff := cmp.Diff(golden.Bytes(t, responseText), b.Bytes()); diff != "" {
		t.Errorf("-specified +written:\n%s", diff)
	}
}
