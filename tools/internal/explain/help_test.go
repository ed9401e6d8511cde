package explain_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/tools/internal/explain"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the golden files are those of a little-endian machine; this one is not")
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got), -update writes it anew:\n%s", path, diff)
	}
}

// message returns a message with this payload.
func message(h wire.Header, payload ...byte) []byte {
	h.PayloadLen = uint32(len(payload))
	b := make([]byte, wire.HeaderSize, wire.HeaderSize+len(payload))
	h.Put(b)
	return append(b, payload...)
}

// put writes a u16, u32 or u64 over b at off.
func put[T uint16 | uint32 | uint64](b []byte, off int, v T) []byte {
	b = bytes.Clone(b)
	switch v := any(v).(type) {
	case uint16:
		binary.NativeEndian.PutUint16(b[off:], v)
	case uint32:
		binary.NativeEndian.PutUint32(b[off:], v)
	case uint64:
		binary.NativeEndian.PutUint64(b[off:], v)
	}
	return b
}

func native(v uint64) []byte { return binary.NativeEndian.AppendUint64(nil, v) }

var testSnapshot = cgroupsnapshot.Snapshot{
	Generation:     9001,
	SystemdEnabled: 1,
	Items: []cgroupsnapshot.Item{
		{Hash: cgroupsnapshot.HashName("ssh"), Enabled: 1, Name: "ssh", Path: "/sys/fs/cgroup/system.slice/ssh.service"},
		{Hash: 7, Options: 3, Name: "\x1b[2J\xff", Path: ""},
	},
}

func encode(tb testing.TB, s cgroupsnapshot.Snapshot) []byte {
	tb.Helper()
	size, err := s.Size()
	if err != nil {
		tb.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := s.Encode(b); err != nil {
		tb.Fatal(err)
	}
	return b
}

func snapshotMessage(tb testing.TB, id uint64) []byte {
	return message(wire.Header{Kind: wire.KindResponse, Code: 2, ItemCount: 1, MessageID: id}, encode(tb, testSnapshot)...)
}

// split cuts a message into packets as a sender does.
func split(msg []byte, id uint64, packet uint32) (packets [][]byte) {
	var s link.Splitter
	s.Start(bytes.Clone(msg), id, packet)
	for p := s.Next(); p != nil; p = s.Next() {
		packets = append(packets, bytes.Clone(p))
	}
	return packets
}

func report(packets ...[]byte) explain.Report {
	e := explain.New()
	for _, p := range packets {
		e.Add(explain.Input{Bytes: p})
	}
	return e.Finish()
}

// field returns a field of the last section of that title, in any packet.
func field(tb testing.TB, r explain.Report, section, name string) explain.Field {
	tb.Helper()
	for i := len(r.Packets) - 1; i >= 0; i-- {
		for _, s := range r.Packets[i].Sections {
			for _, f := range s.Fields {
				if s.Title == section && f.Name == name {
					return f
				}
			}
		}
	}
	tb.Fatalf("no field %s of %s", name, section)
	return explain.Field{}
}
