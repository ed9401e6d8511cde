package v3peer

import (
	"encoding/binary"
	"errors"
	"testing"
)

func TestReadPlan(t *testing.T) {
	good := PlanFor(1000, 3000)
	if want := (Plan{64, 1088, 1152, 3072}); good != want {
		t.Fatalf("%+v, want %+v", good, want)
	}
	formatted := func(changes ...func([]byte)) []byte {
		b := make([]byte, HeaderSize)
		Format(b, good, 77, 9)
		for _, change := range changes {
			change(b)
		}
		return b
	}
	set := func(off int, v uint32) func([]byte) {
		return func(b []byte) { binary.NativeEndian.PutUint32(b[off:], v) }
	}
	set16 := func(off int, v uint16) func([]byte) {
		return func(b []byte) { binary.NativeEndian.PutUint16(b[off:], v) }
	}
	if got, err := ReadPlan(formatted(), good.Size()); err != nil || got != good {
		t.Errorf("%+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		header []byte
		size   int64
		want   error
	}{
		"short":               {formatted()[:HeaderSize-1], good.Size(), ErrNotReady},
		"magic":               {formatted(set(offMagic, 1)), good.Size(), ErrNotReady},
		"no version":          {formatted(set16(offVersion, 0)), good.Size(), ErrNotReady},
		"no length":           {formatted(set16(offHeaderLen, 0)), good.Size(), ErrNotReady},
		"no request":          {formatted(set(offRequest, 0)), good.Size(), ErrNotReady},
		"no response room":    {formatted(set(offResponseCapacity, 0)), good.Size(), ErrNotReady},
		"version":             {formatted(set16(offVersion, 2)), good.Size(), ErrBadRegion},
		"length":              {formatted(set16(offHeaderLen, 128)), good.Size(), ErrBadRegion},
		"request crooked":     {formatted(set(offRequest, 65)), good.Size(), ErrBadRegion},
		"room crooked":        {formatted(set(offResponseCapacity, 3000)), good.Size(), ErrBadRegion},
		"response in request": {formatted(set(offResponse, 1088)), good.Size(), ErrBadRegion},
		"wraps":               {formatted(set(offRequestCapacity, 0xffffffc0)), good.Size(), ErrBadRegion},
		"file too short":      {formatted(), good.Size() - 1, ErrBadRegion},
	} {
		if p, err := ReadPlan(c.header, c.size); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, p, err, c.want)
		}
	}
}
