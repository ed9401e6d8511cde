package applookup

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// TestEven: requests whose keys lie one right after the other are read at once, and mean what each key alone means; of what
// is wrong with one, the same is said.
func TestEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pids := Request(rapid.SliceOfN(rapid.Uint32(), 0, 9).Draw(t, "pids"))
		b := make([]byte, pids.Size(), pids.Size()+1)
		if _, err := EncodeRequest(b, pids); err != nil {
			t.Fatal(err)
		}
		v, err := DecodeRequest(b)
		if err != nil || v.Len() != len(pids) || len(v.even()) != len(pids)*keySize {
			t.Fatalf("%d pids, %d bytes of %d even, %v", v.Len(), len(v.even()), len(pids)*keySize, err)
		}
		agree(t, b)
		for end := range b {
			agree(t, b[:end:end])
		}
		agree(t, b[:len(b)+1])
		for at := range b { // every byte, a little and a lot
			for _, flip := range []byte{1, keySize, 0x80, 0xff} {
				b[at] ^= flip
				agree(t, b)
				b[at] ^= flip
			}
		}
	})
}

// agree compares a request with what it is if each key is judged by itself.
func agree(t *rapid.T, b []byte) {
	list, want := lookup.OpenRequest(layoutRequest, b, checkKey)
	got, err := DecodeRequest(b)
	var e, f *codec.Error
	if errors.As(err, &e) != errors.As(want, &f) || e != nil && *e != *f {
		t.Fatalf("%x: %v, want %v", b, err, want)
	}
	if got.Len() != list.Len() {
		t.Fatalf("%x: %d pids, want %d", b, got.Len(), list.Len())
	}
	one := RequestView{list: list}
	for i, pid := range got.All() {
		if pid != one.PID(i) || pid != got.PID(i) {
			t.Fatalf("%x: pid %d is %d and %d, want %d", b, i, pid, got.PID(i), one.PID(i))
		}
	}
}
