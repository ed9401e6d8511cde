package codec_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

var typedJudges = map[string]judge{
	"increment":                 incrementLayout,
	"string_reverse":            stringReverseLayout,
	"cgroups_snapshot_request":  snapshotRequestLayout,
	"cgroups_snapshot_response": snapshotLayout,
}

type incrementJSON struct {
	Value vectortest.U64 `json:"value"`
}

// Request and response are laid out alike; both are held against every row.
var incrementLayout = layout[incrementJSON]{
	encode: func(j incrementJSON) ([]byte, error) {
		var a, b [increment.Size]byte
		if _, err := increment.EncodeRequest(a[:], uint64(j.Value)); err != nil {
			return nil, err
		}
		_, err := increment.EncodeResponse(b[:], uint64(j.Value))
		if a != b {
			return nil, fmt.Errorf("request %x, response %x", a, b)
		}
		return a[:], err
	},
	decode: func(b []byte, _ row) (incrementJSON, error) {
		req, reqErr := increment.DecodeRequest(b)
		resp, respErr := increment.DecodeResponse(b)
		if req != resp || (reqErr == nil) != (respErr == nil) {
			panic(fmt.Sprintf("%x: request %d, %v; response %d, %v", b, req, reqErr, resp, respErr))
		}
		return incrementJSON{vectortest.U64(req)}, reqErr
	},
	canonical: first(increment.Size),
}

type stringReverseJSON struct {
	Str vectortest.Str `json:"str"`
}

// Request and response are laid out alike; both are held against every row, and the builder as well.
var stringReverseLayout = layout[stringReverseJSON]{
	encode: func(j stringReverseJSON) ([]byte, error) {
		req := bytes.Repeat([]byte{0xaa}, stringreverse.Size(len(j.Str)))
		resp := bytes.Clone(req)
		if n, err := stringreverse.EncodeRequest(req, j.Str); err != nil || n != len(req) {
			return nil, fmt.Errorf("%d of %d bytes: %w", n, len(req), err)
		}
		_, err := stringreverse.EncodeResponse(resp, []byte(j.Str))
		if err != nil || !bytes.Equal(req, resp) {
			return nil, fmt.Errorf("request %x, response %x, %w", req, resp, err)
		}
		var b stringreverse.Builder
		err = b.Reset(bytes.Repeat([]byte{0xaa}, len(req)), nil)
		if err == nil {
			err = b.SetString(string(j.Str))
		}
		if err == nil {
			_, err = b.Finish()
		}
		if !bytes.Equal(req, b.Bytes()) {
			return nil, fmt.Errorf("request %x, builder %x, %w", req, b.Bytes(), err)
		}
		return req, nil
	},
	decode: func(b []byte, _ row) (stringReverseJSON, error) {
		req, reqErr := stringreverse.DecodeRequest(b)
		resp, respErr := stringreverse.DecodeResponse(b)
		if req.Compare(resp) != 0 || (reqErr == nil) != (respErr == nil) {
			panic(fmt.Sprintf("%x: request %q, %v; response %q, %v", b, req, reqErr, resp, respErr))
		}
		return stringReverseJSON{vectortest.Str(req.Bytes())}, reqErr
	},
	canonical: func(b []byte) []byte {
		v, err := stringreverse.DecodeRequest(b)
		if err != nil {
			return nil
		}
		return b[:stringreverse.Size(v.Len())]
	},
}

type snapshotRequestJSON struct {
	LayoutVersion uint16 `json:"layout_version"`
	Flags         uint16 `json:"flags"`
}

var snapshotRequestLayout = layout[snapshotRequestJSON]{
	encode: func(j snapshotRequestJSON) ([]byte, error) {
		if j != (snapshotRequestJSON{1, 0}) {
			return nil, fmt.Errorf("no request is %+v", j)
		}
		var b [cgroupsnapshot.RequestSize]byte
		_, err := cgroupsnapshot.EncodeRequest(b[:], cgroupsnapshot.Request{})
		return b[:], err
	},
	decode: func(b []byte, _ row) (snapshotRequestJSON, error) {
		_, err := cgroupsnapshot.DecodeRequest(b)
		return snapshotRequestJSON{1, 0}, err
	},
	canonical: first(cgroupsnapshot.RequestSize),
}

type snapshotJSON struct {
	LayoutVersion  uint16         `json:"layout_version"`
	Flags          uint16         `json:"flags"`
	ItemCount      uint32         `json:"item_count"`
	SystemdEnabled uint32         `json:"systemd_enabled"`
	Generation     vectortest.U64 `json:"generation"`
	Items          []cgroupJSON   `json:"items"`
}

type cgroupJSON struct {
	LayoutVersion uint16         `json:"layout_version"`
	Flags         uint16         `json:"flags"`
	Hash          uint32         `json:"hash"`
	Options       uint32         `json:"options"`
	Enabled       uint32         `json:"enabled"`
	Name          vectortest.Str `json:"name"`
	Path          vectortest.Str `json:"path"`
}

var snapshotLayout = layout[snapshotJSON]{
	encode: func(j snapshotJSON) ([]byte, error) {
		s, err := j.snapshot()
		if err != nil {
			return nil, err
		}
		size, err := s.Size()
		if err != nil {
			return nil, err
		}
		b := bytes.Repeat([]byte{0xaa}, size)
		if n, err := s.Encode(b); err != nil || n != size {
			return nil, fmt.Errorf("%d of %d bytes: %w", n, size, err)
		}
		// A builder writes the same, however much of a directory it was told to expect; unless there is a NUL
		// in a string: a received snapshot is passed on as it is, but no producer may make such a string.
		for _, spare := range []int{0, 3} {
			built, err := buildSnapshot(s, size+spare*8, len(s.Items)+spare)
			if hasNUL(s) {
				if err == nil {
					return nil, fmt.Errorf("a builder took a NUL inside a string")
				}
				continue
			}
			if err != nil || !bytes.Equal(built, b) {
				return nil, fmt.Errorf("a builder with %d spare entries wrote\n%x, %w, Encode\n%x", spare, built, err, b)
			}
		}
		return b, nil
	},
	decode: func(b []byte, _ row) (snapshotJSON, error) {
		v, err := cgroupsnapshot.DecodeResponse(b)
		if err != nil {
			return snapshotJSON{}, err
		}
		var s cgroupsnapshot.Snapshot
		v.Clone(&s)
		j := snapshotJSON{
			1, 0, uint32(v.Len()), v.SystemdEnabled(), vectortest.U64(v.Generation()), []cgroupJSON{},
		}
		for i, it := range v.All() {
			if it.Owned() != s.Items[i] {
				return j, fmt.Errorf("item %d reads %+v, cloned %+v", i, it.Owned(), s.Items[i])
			}
			j.Items = append(j.Items, cgroupJSON{
				1, 0, it.Hash(), it.Options(), it.Enabled(),
				vectortest.Str(it.Name().Bytes()), vectortest.Str(it.Path().Bytes()),
			})
		}
		return j, nil
	},
}

// snapshot returns what the vectors' value says, which must not say more than a snapshot can.
func (j snapshotJSON) snapshot() (*cgroupsnapshot.Snapshot, error) {
	if j.LayoutVersion != 1 || j.Flags != 0 || int(j.ItemCount) != len(j.Items) {
		return nil, fmt.Errorf("no snapshot has layout version %d, flags %d and %d items of %d",
			j.LayoutVersion, j.Flags, j.ItemCount, len(j.Items))
	}
	s := &cgroupsnapshot.Snapshot{Generation: uint64(j.Generation), SystemdEnabled: j.SystemdEnabled}
	for i, it := range j.Items {
		if it.LayoutVersion != 1 || it.Flags != 0 {
			return nil, fmt.Errorf("item %d: no item has layout version %d and flags %d", i, it.LayoutVersion, it.Flags)
		}
		s.Items = append(s.Items, cgroupsnapshot.Item{
			Hash: it.Hash, Options: it.Options, Enabled: it.Enabled, Name: string(it.Name), Path: string(it.Path),
		})
	}
	return s, nil
}

func hasNUL(s *cgroupsnapshot.Snapshot) bool {
	for _, it := range s.Items {
		if strings.ContainsRune(it.Name+it.Path, 0) {
			return true
		}
	}
	return false
}

func buildSnapshot(s *cgroupsnapshot.Snapshot, size, hint int) ([]byte, error) {
	var b cgroupsnapshot.Builder
	err := b.Reset(bytes.Repeat([]byte{0xaa}, size), nil, hint)
	b.SetGeneration(s.Generation)
	b.SetSystemdEnabled(s.SystemdEnabled)
	for _, it := range s.Items {
		if err == nil {
			err = b.Add(it.Hash, it.Options, it.Enabled, it.Name, it.Path)
		}
	}
	if err == nil {
		_, err = b.Finish()
	}
	return b.Bytes(), err
}
