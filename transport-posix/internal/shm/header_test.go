package shm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

var good = Header{OwnerPID: 77, OwnerGeneration: 9, Geometry: Geometry{64, 1088, 1152, 3072}}

// headerBytes returns what put makes of a header, with one field changed.
func headerBytes(change func(b []byte)) []byte {
	b := bytes.Repeat([]byte{0xaa}, HeaderSize)
	good.put(b)
	if change != nil {
		change(b)
	}
	return b
}

func set16(off int, v uint16) func([]byte) {
	return func(b []byte) { binary.NativeEndian.PutUint16(b[off:], v) }
}

func set32(off int, v uint32) func([]byte) {
	return func(b []byte) { binary.NativeEndian.PutUint32(b[off:], v) }
}

func TestDecodeHeader(t *testing.T) {
	size := good.Size()
	if h, err := DecodeHeader(headerBytes(nil), size); err != nil || h != good {
		t.Fatalf("%+v, %v", h, err)
	}
	for name, c := range map[string]struct {
		b    []byte
		size uint64
		want error
	}{
		"empty":                       {nil, size, ErrNotReady},
		"short":                       {headerBytes(nil)[:63], size, ErrNotReady},
		"magic":                       {headerBytes(set32(OffMagic, Magic+1)), size, ErrNotReady},
		"no version":                  {headerBytes(set16(OffVersion, 0)), size, ErrNotReady},
		"no header_len":               {headerBytes(set16(OffHeaderLen, 0)), size, ErrNotReady},
		"no pid":                      {headerBytes(set32(OffOwnerPID, 0)), size, ErrNotReady},
		"no generation":               {headerBytes(set32(OffOwnerGeneration, 0)), size, ErrNotReady},
		"no request_offset":           {headerBytes(set32(OffRequestOffset, 0)), size, ErrNotReady},
		"no request_capacity":         {headerBytes(set32(OffRequestCapacity, 0)), size, ErrNotReady},
		"no response_offset":          {headerBytes(set32(OffResponseOffset, 0)), size, ErrNotReady},
		"no response_capacity":        {headerBytes(set32(OffResponseCapacity, 0)), size, ErrNotReady},
		"version 2":                   {headerBytes(set16(OffVersion, 2)), size, ErrBadRegion},
		"version 4":                   {headerBytes(set16(OffVersion, 4)), size, ErrBadRegion},
		"header_len":                  {headerBytes(set16(OffHeaderLen, 128)), size, ErrBadRegion},
		"request_offset odd":          {headerBytes(set32(OffRequestOffset, 65)), size, ErrBadRegion},
		"request_capacity odd":        {headerBytes(set32(OffRequestCapacity, 1)), size, ErrBadRegion},
		"response_offset odd":         {headerBytes(set32(OffResponseOffset, 1153)), size, ErrBadRegion},
		"response_capacity odd":       {headerBytes(set32(OffResponseCapacity, 3071)), size, ErrBadRegion},
		"response inside request":     {headerBytes(set32(OffResponseOffset, 1088)), size, ErrBadRegion},
		"request runs into response":  {headerBytes(set32(OffRequestCapacity, 1152)), size, ErrBadRegion},
		"request beyond 32 bits":      {headerBytes(set32(OffRequestCapacity, 0xffffffc0)), size, ErrBadRegion},
		"response beyond 32 bits":     {headerBytes(set32(OffResponseCapacity, 0xffffffc0)), size, ErrBadRegion},
		"response beyond the file":    {headerBytes(nil), size - 1, ErrBadRegion},
		"nothing behind the header":   {headerBytes(nil), HeaderSize, ErrBadRegion},
		"both areas at the same time": {headerBytes(set32(OffResponseOffset, 64)), size, ErrBadRegion},
	} {
		if h, err := DecodeHeader(c.b, c.size); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, h, err, c.want)
		}
	}
	wide := good
	wide.ResponseOffset += 64 // a gap between the areas, and a longer file, are allowed
	b := make([]byte, HeaderSize)
	wide.put(b)
	if h, err := DecodeHeader(b, wide.Size()+1000); err != nil || h != wide {
		t.Errorf("%+v, %v", h, err)
	}
}

// FuzzDecodeHeader: no bytes hurt, and what is accepted lies inside the file, in order, and is written back the same.
func FuzzDecodeHeader(f *testing.F) {
	f.Add(headerBytes(nil), good.Size())
	f.Add(headerBytes(set32(OffResponseCapacity, 0xffffffc0)), uint64(1)<<33)
	f.Add(headerBytes(nil)[:40], uint64(40))
	f.Fuzz(func(t *testing.T, b []byte, size uint64) {
		h, err := DecodeHeader(b, size)
		if err != nil {
			if !errors.Is(err, ErrNotReady) && !errors.Is(err, ErrBadRegion) {
				t.Fatalf("neither not ready nor bad: %v", err)
			}
			return
		}
		request, response := uint64(h.RequestOffset)+uint64(h.RequestCapacity), uint64(h.ResponseOffset)+uint64(h.ResponseCapacity)
		if h.RequestOffset < HeaderSize || request > uint64(h.ResponseOffset) || response > size || h.Size() != response ||
			h.RequestCapacity == 0 || h.ResponseCapacity == 0 || (request|response|uint64(h.RequestOffset)|uint64(h.ResponseOffset))%Align != 0 {
			t.Fatalf("%+v in %d bytes", h, size)
		}
		again := make([]byte, HeaderSize)
		h.put(again)
		if !bytes.Equal(again[:OffReqSeq], b[:OffReqSeq]) {
			t.Fatalf("%x written as %x", b[:OffReqSeq], again[:OffReqSeq])
		}
	})
}
