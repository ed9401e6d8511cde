package hostcgroups

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// escape is systemd's: what unescape undoes.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlnum(c) || c == '_' || c == '.' || c == ':' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

func TestUnescapeUndoesEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[!-.0-~]*`).Draw(t, "s")
		if got := unescape(escape(s)); got != s {
			t.Fatalf("unescape(escape(%q)) = %q", s, got)
		}
	})
}

func TestUnescapeAddsNothingHarmful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`([a-z-]|\\x[0-9a-f]{0,2}|\\)*`).Draw(t, "s")
		got := unescape(s)
		if len(got) > len(s) || strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '/' }) {
			t.Fatalf("unescape(%q) = %q", s, got)
		}
	})
}

// genPath draws paths out of what classify looks for, and out of anything.
func genPath() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"system.slice", "user.slice", "user-1000.slice", "user@1000.service", "init.scope", "session-1.scope",
			"kubepods", "kubepods.slice", "kubepods-burstable.slice", "kubepods-burstable-poda_b.slice", "burstable", "poda-b",
			"docker", "docker-" + id1 + ".scope", id1, id2, "cri-containerd-" + id2 + ".scope", "crio-conmon-" + id1 + ".scope",
			"libpod_parent", "libpod-" + id1 + ".scope", "libpod-conmon-" + id1 + ".scope", "container",
			"lxc", "lxc.payload.web", "lxc.monitor.web", "lxc.payload", "web",
			"machine.slice", "machine", `machine-qemu\x2d1\x2dvm.scope`, "machine-deb.scope", "systemd-nspawn@deb.service", "vm.libvirt-qemu", "vcpu0",
			"libvirt", "qemu", "emulator", "payload", "a.service", `a\x2db.service`, "a-b.service", "", ".service",
			"kubepods-poda.slice:cri-containerd:" + id1, `\x`, `\x1b`, "\x1b[2J", "-.slice",
		}),
		rapid.StringMatching(`[a-z_.@:\\-]{1,9}\.(service|scope|slice|mount)`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 20), func(b []byte) string { return string(b) }),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return "/" + strings.Join(rapid.SliceOfN(part, 1, 8).Draw(t, "parts"), "/")
	})
}

func TestNamesAreHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkName(t, genPath().Draw(t, "path")) })
}

func FuzzClassify(f *testing.F) {
	f.Add("/kubepods.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" + id1 + ".scope")
	f.Add("/machine.slice/machine-qemu\\x2d19\\x2dvm.scope/libvirt/vcpu0")
	f.Add("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service/\x00\xff")
	f.Fuzz(func(t *testing.T, path string) { checkName(t, path) })
}

func checkName(t interface{ Fatalf(string, ...any) }, path string) {
	kind, name, _ := Classify(path)
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("Classify(%q) names it %q", path, name)
	}
	if len(name) > 4*len(path)+len("cntr__") {
		t.Fatalf("Classify(%q): %d bytes have a name of %d", path, len(path), len(name))
	}
	c := classify(path)
	if c.id != "" && strings.ContainsAny(c.id, "/\x00") {
		t.Fatalf("classify(%q) would look up %q", path, c.id)
	}
	if strings.HasPrefix(path, "/user.slice/") && (c.source != sourceNone || c.pod != "") {
		t.Fatalf("classify(%q) asks about %q in a user's own subtree", path, c.id)
	}
	// What is below a container is the container's.
	if k, n, _ := Classify(path + "/docker/" + id1); kind.box() && (k != kind || !strings.HasPrefix(n, strings.TrimSuffix(name, "/"))) {
		t.Fatalf("%q is %v %q, and below it is %v %q", path, kind, name, k, n)
	}
}

func TestDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paths := rapid.SliceOfNDistinct(genPath(), 1, 30, rapid.ID[string]).Draw(t, "paths")
		rows := make([]Cgroup, len(paths))
		for i, p := range paths {
			rows[i].Path = p
			// Names from a runtime, which several may share.
			if rows[i].Name = rapid.SampledFrom([]string{"", "web", "a/b", "docker"}).Draw(t, "name"); rows[i].Name == "" {
				_, rows[i].Name, _ = Classify(p)
			}
		}
		turned := slices.Clone(rows)
		slices.Reverse(turned)

		seen := map[string]int32{}
		before := slices.Clone(rows)
		renamed := distinct(rows, seen)
		if len(seen) != 0 {
			t.Fatalf("scratch keeps %d names", len(seen))
		}
		names := map[string]string{}
		for i, r := range rows {
			if other, ok := names[r.Name]; ok {
				t.Fatalf("%q and %q are both called %q", other, r.Path, r.Name)
			}
			names[r.Name] = r.Path
			if r.Name != before[i].Name {
				renamed--
				if !strings.HasPrefix(r.Name, pathName(r.Path)) {
					t.Fatalf("%q was %q and is now %q, which is not its path", r.Path, before[i].Name, r.Name)
				}
			}
		}
		if renamed < 0 {
			t.Fatalf("%d more rows were renamed than reported", -renamed)
		}
		// Who keeps a name does not depend on the order of rows.
		distinct(turned, seen)
		for i, r := range turned {
			if want := rows[len(rows)-1-i]; r.Name != want.Name && !strings.HasSuffix(r.Name+want.Name, "~") {
				t.Fatalf("%q is %q in one order and %q in the other", r.Path, want.Name, r.Name)
			}
		}
	})
}

func TestDistinctPrefersTheHostsOwn(t *testing.T) {
	rows := []Cgroup{
		{Path: "/docker/" + id1, Name: "web"},
		{Path: "/machine.slice/libpod-" + id2 + ".scope", Name: "web"},
		{Path: "/lxc.payload.web", Name: "web"},
		{Path: "/system.slice/plain", Name: "system.slice/plain"},
		{Path: "/lxc.payload.x", Name: "system.slice/plain"},
	}
	if n := distinct(rows, map[string]int32{}); n != 3 {
		t.Errorf("%d renamed, want 3", n)
	}
	for i, want := range []string{"docker/" + id1, "machine.slice/libpod-" + id2 + ".scope", "web", "system.slice/plain", "lxc.payload.x"} {
		if rows[i].Name != want {
			t.Errorf("%q is called %q, want %q", rows[i].Path, rows[i].Name, want)
		}
	}
}
