package cgroupsnapshot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// Written down from spec 07. Every field has bytes of its own, so that a swapped or shifted one shows.

const requestText = `
	01 00 # layout_version
	00 00 # flags
`

const responseText = `
	01 00                    # layout_version
	00 00                    # flags
	03 00 00 00              # item_count
	04 03 02 01              # systemd_enabled
	00 00 00 00              # zero
	18 17 16 15 14 13 12 11  # generation

	00 00 00 00  2b 00 00 00 # item 0: offset, length
	30 00 00 00  22 00 00 00 # item 1
	58 00 00 00  29 00 00 00 # item 2

	01 00                    # item 0: layout_version
	00 00                    # flags
	24 23 22 21              # hash
	34 33 32 31              # options
	44 43 42 41              # enabled
	20 00 00 00              # name_offset
	04 00 00 00              # name_length
	25 00 00 00              # path_offset
	05 00 00 00              # path_length
	6e 61 6d 65 00           # "name" NUL
	2f 70 61 74 68 00        # "/path" NUL
	00 00 00 00 00           # gap

	01 00  00 00             # item 1: nothing but what must be
	00 00 00 00  00 00 00 00  00 00 00 00
	20 00 00 00  00 00 00 00
	21 00 00 00  00 00 00 00
	00  00
	00 00 00 00 00 00        # gap

	01 00  00 00             # item 2
	ff ff ff ff  fe ff ff ff  fd ff ff ff
	20 00 00 00  07 00 00 00
	28 00 00 00  00 00 00 00
	c3 a4 ff 01 20 7f 80 00  # any bytes but NUL
	00                       # nothing after the last item
`

var snapshotGolden = cgroupsnapshot.Snapshot{
	Generation:     0x1112131415161718,
	SystemdEnabled: 0x01020304,
	Items: []cgroupsnapshot.Item{
		{Hash: 0x21222324, Options: 0x31323334, Enabled: 0x41424344, Name: "name", Path: "/path"},
		{},
		{Hash: 0xffffffff, Options: 0xfffffffe, Enabled: 0xfffffffd, Name: "\xc3\xa4\xff\x01\x20\x7f\x80"},
	},
}

// equal compares snapshots by their values; what Clone remembers is not one.
var equal = cmp.Comparer(func(a, b cgroupsnapshot.Snapshot) bool { return a.Equal(b) })

func TestRequestGolden(t *testing.T) {
	want := golden.Bytes(t, requestText)
	got := dirty(cgroupsnapshot.RequestSize)
	n, err := cgroupsnapshot.EncodeRequest(got, cgroupsnapshot.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got[:n]); diff != "" {
		t.Errorf("encoded (-specified +written):\n%s", diff)
	}
	if _, err := cgroupsnapshot.DecodeRequest(want); err != nil {
		t.Error(err)
	}
}

func TestResponseGolden(t *testing.T) {
	want := golden.Bytes(t, responseText)
	for name, encode := range encoders {
		if diff := cmp.Diff(want, encode(t, &snapshotGolden)); diff != "" {
			t.Errorf("encoded by %s (-specified +written):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(snapshotGolden, own(t, want), equal); diff != "" {
		t.Errorf("decoded (-specified +read):\n%s", diff)
	}
}

// The hashes of the empty string and of "a" and "foobar" are those that the authors of FNV publish.
func TestHashName(t *testing.T) {
	for name, want := range map[string]uint32{"": 0x811c9dc5, "a": 0x050c5d7e, "foobar": 0x31f0b262} {
		if got := cgroupsnapshot.HashName(name); got != want {
			t.Errorf("HashName(%q) = %#x, want %#x", name, got, want)
		}
		if got := cgroupsnapshot.HashName([]byte(name)); got != want {
			t.Errorf("HashName of the bytes of %q = %#x, want %#x", name, got, want)
		}
	}
}
