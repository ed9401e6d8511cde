package lookuptest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

func TestGrowing(t *testing.T) {
	buf := []byte{1, 2}
	old := buf
	grow := Growing(&buf, 4)
	if _, err := grow(5); !errors.Is(err, ErrSession) {
		t.Errorf("beyond the limit: %v", err)
	}
	b, err := grow(4)
	if err != nil || !bytes.Equal(b, []byte{1, 2, 0xaa, 0xaa}) || !bytes.Equal(old, []byte{0xdb, 0xdb}) {
		t.Errorf("%x after %x, %v", b, old, err)
	}
}

// What is written the obvious way is what the decoder takes.
func TestList(t *testing.T) {
	labels := []lookup.Label{{Key: "key", Value: "value"}, {Key: "k"}}
	item := Labels([]byte("name\x00"), labels)
	b := List(7, [][]byte{[]byte("first"), Labels(nil, nil), item})
	l, generation, err := lookup.OpenResponse("test", b, func([]byte) bool { return true }, nil)
	if err != nil || generation != 7 || l.Len() != 3 || string(l.Item(0)) != "first" || !bytes.Equal(l.Item(2), item) {
		t.Fatalf("%x: %v", b, err)
	}
	if field, err := lookup.CheckLabels(item, 5, 2); err != nil {
		t.Errorf("%s: %v", field, err)
	}
}

func TestMust(t *testing.T) {
	var failed recorder
	Must(&failed, true)
	if failed.fatal {
		t.Error("what is right fails")
	}
	if Must(&failed, false); !failed.fatal {
		t.Error("what is wrong does not fail")
	}
}

type recorder struct {
	testing.TB
	fatal bool
}

func (*recorder) Helper()        {}
func (r *recorder) Fatal(...any) { r.fatal = true }
