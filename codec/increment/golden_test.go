package increment_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// Written down from spec 07.
const (
	goldenValue = 0x3132333435363738
	goldenText  = "38 37 36 35 34 33 32 31 # value"
)

// message is one of the two messages, which are laid out alike.
type message struct {
	name   string
	encode func(dst []byte, v uint64) (int, error)
	decode func(b []byte) (uint64, error)
}

var messages = []message{
	{"request", increment.EncodeRequest, increment.DecodeRequest},
	{"response", increment.EncodeResponse, increment.DecodeResponse},
}

func TestGolden(t *testing.T) {
	want := golden.Bytes(t, goldenText)
	for _, m := range messages {
		got := []byte("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa")
		n, err := m.encode(got, goldenValue)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got[:n]); diff != "" {
			t.Errorf("%s encoded (-specified +written):\n%s", m.name, diff)
		}
		if got[n] != 0xaa {
			t.Errorf("%s: wrote behind its %d bytes", m.name, n)
		}
		if v, err := m.decode(want); err != nil || v != goldenValue {
			t.Errorf("%s decoded: %#x, %v", m.name, v, err)
		}
	}
	if len(want) != increment.Size {
		t.Errorf("Size is %d, the specification has %d bytes", increment.Size, len(want))
	}
}

func TestLengths(t *testing.T) {
	b := make([]byte, increment.Size+2)
	for _, m := range messages {
		for n := range increment.Size {
			if _, err := m.decode(b[:n]); !errors.Is(err, codec.ErrTruncated) {
				t.Errorf("%s of %d bytes: %v", m.name, n, err)
			}
			if size, err := m.encode(b[:n], 1); !errors.Is(err, codec.ErrOverflow) || size != 0 {
				t.Errorf("%s into %d bytes: %d, %v", m.name, n, size, err)
			}
		}
		if _, err := m.decode(b); err != nil {
			t.Errorf("%s with trailing bytes: %v", m.name, err)
		}
	}
}
