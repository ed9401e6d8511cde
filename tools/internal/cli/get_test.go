package cli_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

func TestGetFormats(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, answer(strange))
	for _, format := range []string{"table", "json", "ndjson", "csv"} {
		r := run(t, "get", "cgroups", "--run-dir", dir, "-o", format)
		r.expect(t, 0)
		if r.err != "" {
			t.Errorf("%s: standard error:\n%s", format, r.err)
		}
		golden(t, "get-cgroups."+format, strings.ReplaceAll(r.out, dir, "RUNDIR"))
	}
}

// Nothing that a provider says reaches a terminal as anything but text.
func TestGetTableIsHarmless(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, answer(strange))
	for _, format := range []string{"table", "json", "ndjson"} {
		r := run(t, "get", "cgroups", "--run-dir", dir, "-o", format)
		for _, c := range r.out {
			if c != '\n' && c != '\uFFFD' && !unicode.IsPrint(c) {
				t.Errorf("%s: %U on standard output", format, c)
			}
		}
	}
}

// What programs read is what the provider said, to the byte.
func TestGetIsLossless(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, answer(strange))
	type row struct {
		Name, Path             string
		NameHex                string `json:"name_hex"`
		PathHex                string `json:"path_hex"`
		Hash, Options, Enabled uint32
		Generation             uint64
	}
	item := func(r row) payload.Item {
		return payload.Item{Hash: r.Hash, Options: r.Options, Enabled: r.Enabled, Name: textOf(t, r.Name, r.NameHex), Path: textOf(t, r.Path, r.PathHex)}
	}

	var doc struct {
		Endpoint       string
		Embedded       bool
		Generation     uint64
		SystemdEnabled uint32 `json:"systemd_enabled"`
		Cgroups        []row
	}
	if err := json.Unmarshal([]byte(run(t, "get", "cgroups", "--run-dir", dir, "-o", "json").out), &doc); err != nil {
		t.Fatal(err)
	}
	got := payload.Snapshot{Generation: doc.Generation, SystemdEnabled: doc.SystemdEnabled}
	for _, r := range doc.Cgroups {
		got.Items = append(got.Items, item(r))
	}
	if !got.Equal(strange) || doc.Embedded || doc.Endpoint != filepath.Join(dir, "cgroups-snapshot.sock") {
		t.Errorf("json: %+v, from %+v", got, doc)
	}

	got.Items = nil
	lines := bufio.NewScanner(strings.NewReader(run(t, "get", "cgroups", "--run-dir", dir, "-o", "ndjson").out))
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		got.Items = append(got.Items, item(r))
		got.Generation = r.Generation
	}
	if !got.Equal(strange) {
		t.Errorf("ndjson: %+v", got)
	}

	rows, err := csv.NewReader(strings.NewReader(run(t, "get", "cgroups", "--run-dir", dir, "-o", "csv").out)).ReadAll()
	if err != nil || len(rows) != 1+len(strange.Items) {
		t.Fatalf("csv: %d rows, %v", len(rows), err)
	}
	for i, it := range strange.Items {
		if r := rows[i+1]; r[0] != it.Name || r[1] != it.Path {
			t.Errorf("csv: %q, want %q, %q", r, it.Name, it.Path)
		}
	}
}

// textOf returns what the two fields of a string mean.
func textOf(t *testing.T, text, digits string) string {
	t.Helper()
	if digits == "" {
		return text
	}
	if !strings.Contains(text, "\uFFFD") {
		t.Errorf("%q has its bytes beside it, %s, and needs none", text, digits)
	}
	b, err := hexBytes(digits)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGetEmpty(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, answer(payload.Snapshot{}))
	for format, want := range map[string]string{"table": "0 cgroups, generation 0\n", "json": `"cgroups": []`, "ndjson": "", "csv": "name,path,hash,options,enabled,generation\n"} {
		r := run(t, "get", "cgroups", "--run-dir", dir, "-o", format)
		r.expect(t, 0)
		if !strings.Contains(r.out, want) || want == "" && r.out != "" {
			t.Errorf("%s: %q", format, r.out)
		}
	}
}

func TestGetNoProvider(t *testing.T) {
	dir := tempDir(t)
	r := run(t, "get", "cgroups", "--no-embed", "--run-dir", dir)
	r.expect(t, 3, "netipc: no provider at "+dir+"/cgroups-snapshot.sock: start one with `netipc serve`, or give --run-dir\n")
	if r.out != "" {
		t.Errorf("standard output: %s", r.out)
	}
	run(t, "get", "cgroups", "--no-embed", "--run-dir", filepath.Join(dir, "none")).expect(t, 3, "no provider at "+dir+"/none/cgroups-snapshot.sock")
}

// Without a provider one is started inside, and nothing stays of it.
func TestGetEmbedded(t *testing.T) {
	needCgroups(t)
	dir, temp := tempDir(t), tempDir(t)
	t.Setenv("TMPDIR", temp)
	r := run(t, "get", "cgroups", "--run-dir", dir, "-o", "json")
	r.expect(t, 0, "no provider at "+dir+"/cgroups-snapshot.sock: asking one started for this")
	if !strings.Contains(r.out, `"embedded": true`) {
		t.Error(r.out)
	}
	if left := append(names(t, dir), names(t, temp)...); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestGetEmbeddedInterrupted(t *testing.T) {
	needCgroups(t)
	dir, temp := tempDir(t), tempDir(t)
	t.Setenv("TMPDIR", temp)
	r := launch(t, "get", "cgroups", "--run-dir", dir, "--watch", "1ms", "-o", "ndjson")
	r.err.awaitText(t, 0, "asking one started for this")
	if status := r.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, r.err)
	}
	if left := names(t, temp); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestGetRunDirFromEnvironment(t *testing.T) {
	dir := tempDir(t)
	t.Setenv("NETIPC_RUN_DIR", dir)
	provide(t, dir, answer(strange))
	run(t, "get", "cgroups", "--no-embed").expect(t, 0)
	run(t, "get", "cgroups", "--no-embed", "--run-dir", filepath.Join(dir, "other")).expect(t, 3)
}

func TestNoRunDir(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root always has a run directory")
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	for _, args := range [][]string{{"get", "cgroups", "--no-embed"}, {"serve"}, {"status"}, {"clean"}, {"ping"}} {
		run(t, args...).expect(t, 1, "no run directory", "--run-dir")
	}
	needCgroups(t)
	run(t, "get", "cgroups").expect(t, 0, "no run directory", "asking one started for this")
}

// A provider that takes in the client and never answers.
func TestGetSilentProvider(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, func(ctx context.Context, _ payload.Request, _ *payload.Builder) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	run(t, "get", "cgroups", "--run-dir", dir, "--timeout", "10ms").expect(t, 3, dir, "no answer in time")
}

func TestGetInterrupted(t *testing.T) {
	dir := tempDir(t)
	asked := make(chan struct{}, 1)
	provide(t, dir, func(ctx context.Context, _ payload.Request, _ *payload.Builder) error {
		asked <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	r := launch(t, "get", "cgroups", "--run-dir", dir)
	linktest.Await(t, "the request", asked)
	if status := r.interrupt(t); status != 1 || !strings.Contains(r.err.String(), "netipc: interrupted") {
		t.Errorf("status %d, %s", status, r.err)
	}
}

// A snapshot that needs more than anybody starts with.
func TestGetLarge(t *testing.T) {
	dir := tempDir(t)
	large := payload.Snapshot{Generation: 1}
	for i := range 5000 {
		name := strings.Repeat("x", 20+i%50)
		large.Items = append(large.Items, payload.Item{Hash: uint32(i), Enabled: 1, Name: name, Path: "/" + name})
	}
	provide(t, dir, answer(large))
	r := run(t, "get", "cgroups", "--run-dir", dir, "-o", "ndjson")
	r.expect(t, 0)
	if n := strings.Count(r.out, "\n"); n != len(large.Items) {
		t.Errorf("%d lines, want %d", n, len(large.Items))
	}
}
