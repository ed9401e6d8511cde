package vectortest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// write makes a directory of the given files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func compressed(t *testing.T, text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const readme = "# vectors\n" +
	"### codec/ (A)\n" +
	"| file | cases | | file | cases |\n|---|---|---|---|---|\n" +
	"| envelope_header | 70 | | increment | 36 |\n" +
	"| batch_dir | 11 | | snapshot_request | 1 (only one valid value) |\n" +
	"| | | | apps_lookup_request / _response (.gz) | 27 / 68 |\n\n" +
	"* `tight.jsonl.gz` (400): a builder\n  `n` (x)\n" +
	"### derive/names.json (C)\nSections `service_names` (295, valid or reason), `socket_paths`\n(85).\n" +
	"### transcripts/ (E)\n76 files (c-c and go-go)\n" +
	"## Disagreements\n| D1 | 12 |\n| surplus | 13 |\n"

func TestParseReadme(t *testing.T) {
	want := map[string]int{
		"codec/envelope_header": 70, "codec/increment": 36, "codec/batch_dir": 11, "codec/snapshot_request": 1,
		"codec/apps_lookup_request": 27, "codec/apps_lookup_response": 68, "codec/tight": 400,
		"derive/service_names": 295, "derive/socket_paths": 85, "transcripts": 76,
	}
	if got := parseReadme(readme); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestCounts(t *testing.T) {
	dir := write(t, map[string]string{
		"README.md":     readme,
		"manifest.json": `{"codec/increment.json": 3, "codec/tight.jsonl.gz": 0, "oracle/hello.jsonl": 5}`,
	})
	c, err := readCounts(dir)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{
		"codec/increment": 3, "codec/tight": 0, "oracle/hello": 5, "codec/batch_dir": 11, "codec/unheard_of": 1,
	} {
		if got := c.least(key); got != want {
			t.Errorf("%s: at least %d rows, want %d", key, got, want)
		}
	}
	have := []File{newFile(dir, "codec", "batch_dir.json.gz")}
	if got := c.missing("codec", have, false); len(got) != 1 { // only what the manifest wants
		t.Errorf("missing of a part: %q", got)
	}
	if got := c.missing("codec", have, true); len(got) != 5 {
		t.Errorf("missing of a complete directory: %q", got)
	}
	if got := c.missing("transcripts", have, true); len(got) != 1 {
		t.Errorf("missing transcripts: %q", got)
	}
	if got := c.missing("derive", have, true); len(got) != 0 {
		t.Errorf("sections are not files: %q", got)
	}
	if _, err := readCounts(write(t, map[string]string{"manifest.json": "[]"})); err == nil {
		t.Error("a manifest that is none was accepted")
	}
}

func TestFind(t *testing.T) {
	root := write(t, map[string]string{
		"repo/go.work":                 "",
		"repo/codec/vectortest/doc.go": "",
		"shared/vectors/codec/x.json":  "[]",
		"bare/go.work":                 "",
		"odd/codec/x.json":             "[]",
		"odd/surprise/x.json":          "[]",
		"none/README.md":               "",
	})
	at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	for _, c := range []struct {
		name, env, from string
		want            place
		fails           bool
	}{
		{"beside the repository", "", at("repo/codec"), place{path: at("shared/vectors"), complete: true}, false},
		{"named", at("shared/vectors"), at("bare"), place{path: at("shared/vectors")}, false},
		{"named from the root", "../shared/vectors", at("repo/codec"), place{path: at("shared/vectors")}, false},
		{"named and not there", at("nowhere"), at("repo"), place{path: at("nowhere")}, true},
		{"unknown subdirectory", at("odd"), at("repo"), place{path: at("odd")}, true},
		{"no subdirectory", at("none"), at("repo"), place{path: at("none")}, true},
		{"outside the repository", "", at("bare"), place{why: "this is not a checkout of the repository"}, false},
	} {
		got, err := find(c.env, c.from)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if err := os.RemoveAll(at("shared")); err != nil {
		t.Fatal(err)
	}
	if got, err := find("", at("repo")); err != nil || got.path != "" || !got.due {
		t.Errorf("gone: %+v, %v", got, err)
	}
}

func TestRows(t *testing.T) {
	dir := write(t, map[string]string{
		"codec/a.json":     `[{"n":1},{"n":2}]`,
		"codec/b.jsonl":    "{\"n\":1}\n\n{\"n\":2}",
		"codec/c.jsonl.gz": compressed(t, "{\"n\":1}\n{\"n\":2}\n"),
		"codec/d.json.gz":  compressed(t, `[{"n":1},{"n":2}]`),
	})
	t.Setenv(Env, dir)
	var families []string
	for _, f := range Files(t, "codec") {
		families = append(families, f.Family)
		rows := Rows(t, f)
		var v struct{ N int }
		if Into(t, rows[1], &v); len(rows) != 2 || v.N != 2 {
			t.Errorf("%v: %s", f, rows)
		}
	}
	if !slices.Equal(families, []string{"a", "b", "c", "d"}) {
		t.Errorf("families %v", families)
	}
	if got := Files(t, "oracle"); got != nil {
		t.Errorf("files of a subdirectory that is not there: %v", got)
	}
	if _, err := split(File{Name: "x.jsonl"}, []byte("{}\n{")); err == nil {
		t.Error("half a row was accepted")
	}
}

func TestValues(t *testing.T) {
	var v struct {
		A, B Str
		C    U64
		D    Hex
	}
	if err := Strict(json.RawMessage(`{"a":"ä","b":{"hex":"ff00"},"c":"18446744073709551615","d":"0a"}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.A != "ä" || v.B != "\xff\x00" || v.C != 1<<64-1 || string(v.D) != "\n" {
		t.Errorf("%+v", v)
	}
	for _, bad := range []string{`{"a":{"error":"x"}}`, `{"a":{}}`, `{"c":7}`, `{"d":"0"}`, `{"surprise":1}`} {
		if err := Strict(json.RawMessage(bad), &v); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
