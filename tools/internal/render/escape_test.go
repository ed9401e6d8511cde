package render_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"/sys/fs/cgroup/a b":    "/sys/fs/cgroup/a b",
		`dev-disk-by\x2duuid`:   `dev-disk-by\x2duuid`,
		"\x00\x1b[2J\x7f\r\n\t": `\x00\x1b[2J\x7f\x0d\x0a\x09`,
		"日本語 ä":                 "日本語 ä",
		"\xff\xc3(":             `\xff\xc3(`,
		"\u009b\u202e\ufeff":    `\xc2\x9b\xe2\x80\xae\xef\xbb\xbf`,
		"\ufffd":                "\ufffd",
	} {
		if got := render.Escape(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Whatever comes in, only printable characters come out, and printable ones as they were.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"ssh", "\x1b]0;title\x07", "a\xffb", "\u202eabc", "日本\u0085語"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := render.Escape(s)
		harmless := true
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: %U in %q", s, r, got)
			}
		}
		for _, r := range s {
			harmless = harmless && unicode.IsPrint(r)
		}
		if harmless && utf8.ValidString(s) && got != s {
			t.Errorf("%q became %q", s, got)
		}

		var b bytes.Buffer
		if err := render.JSONLine(&b, map[string]string{"s": s}); err != nil {
			t.Fatal(err)
		}
		for _, r := range strings.TrimSuffix(b.String(), "\n") {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: %U in %q", s, r, b.String())
			}
		}
		var back map[string]string
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatalf("%q: %v in %s", s, err, b.String())
		}
		if want := strings.ToValidUTF8(s, "\x00"); utf8.ValidString(s) && back["s"] != want {
			t.Errorf("%q came back as %q", s, back["s"])
		}
		if bytes := render.HexUnlessText(s); (bytes == "") != (utf8.ValidString(s)) {
			t.Errorf("%q: hexadecimal %q", s, bytes)
		}
	})
}
