package cgroups

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Written down from spec 07: what a provider sends, byte for byte.

const monday = `
	01 00  00 00             # layout_version, flags
	04 00 00 00              # item_count
	01 00 00 00              # systemd_enabled
	00 00 00 00              # zero
	07 00 00 00 00 00 00 00  # generation

	00 00 00 00  28 00 00 00 # item 0: offset, length
	28 00 00 00  27 00 00 00 # item 1
	50 00 00 00  26 00 00 00 # item 2
	28 00 00 00  27 00 00 00 # item 1 once more

	01 00  00 00             # item 0
	0a 00 00 00              # hash
	01 00 00 00              # options
	01 00 00 00              # enabled
	20 00 00 00  03 00 00 00 # name
	24 00 00 00  03 00 00 00 # path
	77 65 62 00              # "web" NUL
	2f 77 31 00              # "/w1" NUL

	01 00  00 00             # item 1: of the same hash
	0a 00 00 00  00 00 00 00  01 00 00 00
	20 00 00 00  02 00 00 00
	23 00 00 00  03 00 00 00
	64 62 00                 # "db" NUL
	2f 64 31 00              # "/d1" NUL
	00                       # gap

	01 00  00 00             # item 2: of the same name as item 0; path before name
	0b 00 00 00  00 00 00 00  00 00 00 00
	22 00 00 00  03 00 00 00
	20 00 00 00  01 00 00 00
	2f 00                    # "/" NUL
	77 65 62 00              # "web" NUL
`

const tuesday = `
	01 00  00 00
	02 00 00 00
	00 00 00 00
	00 00 00 00
	08 00 00 00 00 00 00 00

	00 00 00 00  27 00 00 00
	28 00 00 00  29 00 00 00

	01 00  00 00             # item 0: "db", moved and switched off
	0a 00 00 00  00 00 00 00  00 00 00 00
	20 00 00 00  02 00 00 00
	23 00 00 00  03 00 00 00
	64 62 00
	2f 64 32 00              # "/d2" NUL
	00

	01 00  00 00             # item 1: new
	0c 00 00 00  00 00 00 00  01 00 00 00
	20 00 00 00  04 00 00 00
	25 00 00 00  03 00 00 00
	6d 61 69 6c 00           # "mail" NUL
	2f 6d 31 00              # "/m1" NUL
`

const report = `
generation 7, systemd 1
  0xa "web" "/w1" 1 1
  0xa "db" "/d1" 0 1
  0xb "web" "/" 0 0
  0xa "db" "/d1" 0 1
generation 8, systemd 0
  0xa "db" "/d2" 0 0
  0xc "mail" "/m1" 0 1
added 0xc "mail" "/m1" 0 1
removed 0xa "web" "/w1" 1 1
removed 0xb "web" "/" 0 0
changed 0xa "db" "/d1" 0 1 to 0xa "db" "/d2" 0 0
`

func TestGolden(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the bytes are those of a little-endian machine; this one is not")
	}
	c, h := newServed(t, Config{})
	var out strings.Builder
	print := func(it Item) string {
		return fmt.Sprintf("%#x %q %q %d %d", it.Hash(), it.Name(), it.Path(), it.Options(), it.Enabled())
	}
	receive := func(text string) *Snapshot {
		h.set(modeServe, bytesOf(t, text))
		if err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := c.Snapshot()
		fmt.Fprintf(&out, "generation %d, systemd %d\n", s.Generation(), s.SystemdEnabled())
		want := &payload.Snapshot{Generation: s.Generation(), SystemdEnabled: s.SystemdEnabled()}
		for it := range s.All() {
			fmt.Fprintf(&out, "  %s\n", print(it))
			want.Items = append(want.Items, it.Owned())
		}
		checkHolds(t, s, want)
		return s
	}
	changes := Diff(receive(monday), receive(tuesday))
	for _, it := range changes.Added {
		fmt.Fprintln(&out, "added", print(it))
	}
	for _, it := range changes.Removed {
		fmt.Fprintln(&out, "removed", print(it))
	}
	for _, ch := range changes.Changed {
		fmt.Fprintln(&out, "changed", print(ch.Old), "to", print(ch.New))
	}
	if got := "\n" + out.String(); got != report {
		t.Errorf("got %s\nwant %s", got, report)
	}
}

// bytesOf turns hexadecimal text into bytes; everything from a # to the end of its line is ignored.
func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}
