package lookup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

// tidy accepts items that end in a zero, and says so of all at once, too.
func tidy(item []byte) (field string, err error) {
	if len(item) != bytesOfEven || item[len(item)-1] != 0 {
		return "item", errOdd
	}
	return "", nil
}

const bytesOfEven = 8

func allTidy(keys []byte) bool {
	for at := bytesOfEven - 1; at < len(keys); at += bytesOfEven {
		if keys[at] != 0 {
			return false
		}
	}
	return true
}

// evenly returns a request of n items, put there at once.
func evenly(n int) []byte {
	b := bytes.Repeat([]byte{0xaa}, 1024)
	p := NewPacker(b, n)
	keys := p.Even(bytesOfEven)
	for i := range n {
		copy(keys[i*bytesOfEven:], fmt.Sprintf("item%3d\x00", i))
	}
	return b[:p.Header(0)]
}

// TestEven: what is placed at once is what is placed one by one, and is read as that.
func TestEven(t *testing.T) {
	for n := range 20 {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf("item%3d\x00", i))
		}
		b := evenly(n)
		if want := pack(0, items...); !bytes.Equal(b, want) {
			t.Fatalf("%d items:\n%x, one by one\n%x", n, b, want)
		}
		l, err := OpenEvenRequest("test", b, bytesOfEven, allTidy, tidy)
		keys := l.Even(bytesOfEven)
		if err != nil || l.Len() != n || len(keys) != n*bytesOfEven || cap(keys) != len(keys) {
			t.Fatalf("%d items are %d, in %d bytes, %v", n, l.Len(), len(keys), err)
		}
		if l.Generation() != 0 {
			t.Errorf("%d items: generation %d", n, l.Generation())
		}
		for i, want := range items {
			if string(l.Item(i)) != want || string(keys[i*bytesOfEven:][:bytesOfEven]) != want {
				t.Errorf("item %d is %q, %q", i, l.Item(i), keys)
			}
		}
	}
}

// TestEvenIsOpen: whatever the bytes, judging all at once and one by one come to the same.
func TestEvenIsOpen(t *testing.T) {
	agrees := func(b []byte) {
		t.Helper()
		want, wantErr := OpenRequest("test", b, tidy)
		l, err := OpenEvenRequest("test", b, bytesOfEven, allTidy, tidy)
		keys := l.Even(bytesOfEven)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || l.Len() != want.Len() {
			t.Fatalf("%x: %d items, %v; one by one %d, %v", b, l.Len(), err, want.Len(), wantErr)
		}
		for i := range len(keys) / bytesOfEven {
			if !bytes.Equal(keys[i*bytesOfEven:][:bytesOfEven], want.Item(i)) {
				t.Fatalf("%x: item %d is %x, one by one %x", b, i, keys, want.Item(i))
			}
		}
	}
	b := evenly(3)
	for end := range b {
		agrees(b[:end:end])
	}
	for at := range b {
		for _, flip := range []byte{1, 8, 0x80, 0xff} {
			wrong := bytes.Clone(b)
			wrong[at] ^= flip
			agrees(wrong)
		}
	}
	// Items with a gap between them are no less good.
	gap := append(bytes.Clone(b), make([]byte, 8)...)
	binary.NativeEndian.PutUint32(gap[HeaderSize+2*EntrySize:], 24)
	agrees(gap)
	if l, err := OpenEvenRequest("test", gap, bytesOfEven, allTidy, tidy); err != nil || l.Even(bytesOfEven) != nil || l.Len() != 3 {
		t.Errorf("with a gap: %d items, %x, %v", l.Len(), l.Even(bytesOfEven), err)
	}
	b[HeaderSize-1] = 1
	if _, err := OpenEvenRequest("test", b, bytesOfEven, allTidy, tidy); !errors.Is(err, codec.ErrBadLayout) {
		t.Errorf("a request with a generation: %v", err)
	}
}

// TestNoList: the zero value has nothing.
func TestNoList(t *testing.T) {
	var l List
	if l.Len() != 0 || l.Packed() != nil || l.Generation() != 0 || l.Even(bytesOfEven) != nil {
		t.Errorf("%d items, %x, generation %d, %x", l.Len(), l.Packed(), l.Generation(), l.Even(bytesOfEven))
	}
	for _, i := range []int{-1, 0, 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("item %d of none", i)
				}
			}()
			l.Item(i)
		}()
	}
	full, err := OpenRequest("test", pack(0, "even", "more"), even)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 2, 3, 1000, 1 << 30} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("item %d of 2", i)
				}
			}()
			full.Item(i)
		}()
	}
}
