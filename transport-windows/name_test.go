package windows

import (
	"errors"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"pgregory.net/rapid"
)

func TestPipeName(t *testing.T) {
	got, err := PipeName("/run/netdata", "cgroups-snapshot")
	if err != nil {
		t.Fatal(err)
	}
	if want := `\\.\pipe\netipc-efc07ed598ac339b-cgroups-snapshot`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestObjectNames(t *testing.T) {
	mapping, req, resp, err := ObjectNames("/run/netdata", "cgroups-snapshot", 0, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	const stem = `Local\netipc-90a72e535d3026ed-cgroups-snapshot-p2-s0000000000000001`
	for _, c := range []struct{ got, want string }{
		{mapping, stem + "-mapping"}, {req, stem + "-req_event"}, {resp, stem + "-resp_event"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

// run_dir is hashed as it is: spellings that a file system would take for one directory are many here, and
// none of them is refused.
func TestRunDirVerbatim(t *testing.T) {
	seen := map[string]string{}
	for _, dir := range []string{"", "/", "//", "a", "a/", "a//b", "a/b", "a/./b", "a/../b", ".", "A", strings.Repeat("d", 5000)} {
		name, err := PipeName(dir, "svc")
		if err != nil {
			t.Errorf("run_dir %.20q: %v", dir, err)
			continue
		}
		if other, dup := seen[name]; dup {
			t.Errorf("run_dir %.20q and %.20q share %s", dir, other, name)
		}
		seen[name] = dir
	}
}

func TestNameTooLong(t *testing.T) {
	const fixed = len(`\\.\pipe\netipc-0123456789abcdef-`)
	longest := strings.Repeat("s", maxName-fixed)
	if name, err := PipeName("/run", longest); err != nil || len(name) != maxName {
		t.Errorf("a pipe name of %d bytes: %d, %v", maxName, len(name), err)
	}
	if _, err := PipeName("/run", longest+"s"); !errors.Is(err, ErrNameTooLong) {
		t.Errorf("a pipe name of %d bytes: %v", maxName+1, err)
	}
	// The response event has the longest of the three names; it alone decides.
	stem := len(objectStem("/run", "", 1, 2, 1))
	longest = strings.Repeat("s", maxName-stem-len(respEventSuffix))
	if _, _, resp, err := ObjectNames("/run", longest, 1, 2, 1); err != nil || len(resp) != maxName {
		t.Errorf("an event name of %d bytes: %d, %v", maxName, len(resp), err)
	}
	if _, _, _, err := ObjectNames("/run", longest+"s", 1, 2, 1); !errors.Is(err, ErrNameTooLong) {
		t.Errorf("an event name of %d bytes: %v", maxName+1, err)
	}
}

func TestBadServiceRefused(t *testing.T) {
	for _, service := range []string{"", ".", "..", `a\b`, "a/b", "é"} {
		if _, err := PipeName("/run", service); !errors.Is(err, link.ErrBadServiceName) {
			t.Errorf("PipeName(%q): %v", service, err)
		}
		if _, _, _, err := ObjectNames("/run", service, 1, 2, 1); !errors.Is(err, link.ErrBadServiceName) {
			t.Errorf("ObjectNames(%q): %v", service, err)
		}
	}
}

// The hash against the standard library's, for any bytes.
func TestFNVProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		h := fnv.New64a()
		h.Write(b)
		if got, want := fnv1a64(string(b)), h.Sum64(); got != want {
			t.Fatalf("%x: got %016x, want %016x", b, got, want)
		}
	})
}
