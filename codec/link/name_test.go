package link

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/vectortest"
	"pgregory.net/rapid"
)

func TestCheckServiceName(t *testing.T) {
	for _, name := range []string{
		"a", "A", "0", "-", "_", "cgroups-snapshot", "ip-to-asn", "A.b_c-9",
		"...", ".a", "a.", "a..b", strings.Repeat("s", 4096),
	} {
		if err := CheckServiceName(name); err != nil {
			t.Errorf("%.40q refused: %v", name, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "a/b", "/", "../x", "a b", `a\b`, "a:b", "a\n", "a\x00b", "é", "日本", "\xff", "\u212a", // the last is the Kelvin sign
	} {
		err := CheckServiceName(name)
		if !errors.Is(err, ErrBadServiceName) {
			t.Errorf("%q: error %v, want ErrBadServiceName", name, err)
			continue
		}
		if !strings.Contains(err.Error(), strconv.Quote(name)) {
			t.Errorf("%q: the error does not quote the name: %v", name, err)
		}
	}
}

// Every single byte, as first and as later byte of a name, against the rule written another way.
func TestCheckServiceNameEveryByte(t *testing.T) {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	for c := range 256 {
		want := strings.IndexByte(allowed, byte(c)) >= 0
		for _, name := range []string{string([]byte{byte(c), 'x'}), string([]byte{'x', byte(c)})} {
			if got := CheckServiceName(name) == nil; got != want {
				t.Errorf("%q: accepted %v, want %v", name, got, want)
			}
		}
	}
}

// A name that passes cannot leave the directory it is put into, nor end or split a name it is part of.
func TestCheckServiceNameProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.StringMatching(`[-_.A-Za-z0-9]{1,40}`), rapid.String()).Draw(t, "name")
		if CheckServiceName(name) != nil {
			return
		}
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\:\x00\n ") {
			t.Fatalf("%q accepted", name)
		}
	})
}

func TestCheckServiceNameAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		if err := CheckServiceName("cgroups-snapshot"); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a good name, want 0", n)
	}
}

func TestVectorServiceNames(t *testing.T) {
	for _, f := range vectortest.Files(t, "derive") {
		recorded := map[string][]json.RawMessage{}
		vectortest.Into(t, vectortest.Read(t, f), &recorded)
		rows, ok := recorded["service_names"]
		if !ok {
			continue
		}
		for _, row := range rows {
			var v struct {
				Service vectortest.Str `json:"service"`
				Valid   bool           `json:"valid"`
				Reason  string         `json:"reason"`
			}
			if err := vectortest.Strict(row, &v); err != nil {
				t.Fatal(err)
			}
			if err := CheckServiceName(string(v.Service)); (err == nil) != v.Valid {
				t.Errorf("%q: %v, recorded valid %v (%s)", v.Service, err, v.Valid, v.Reason)
			}
		}
		t.Logf("%d rows", len(rows))
		if least := vectortest.MinSection(t, f, "service_names"); len(rows) < least {
			t.Errorf("%d rows, but at least %d were recorded", len(rows), least)
		}
	}
}
