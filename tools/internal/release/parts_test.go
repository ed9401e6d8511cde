package release

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

func TestLeavesFirst(t *testing.T) {
	load := func(table ...string) (dirs []string, err error) {
		var entries []Entry
		for _, dir := range table {
			entries = append(entries, Entry{Dir: dir, Released: true})
		}
		root := t.TempDir()
		for name, text := range fixture(t) {
			write(t, root, name, text)
		}
		write(t, root, "inside/go.mod", "module "+prefix+"/inside\n\ngo 1.26.0\n\nrequire "+prefix+"/top v0.1.0\n")
		if slices.Contains(table, "circle") {
			write(t, root, "leaf/go.mod", "module "+prefix+"/leaf\n\ngo 1.26.0\n\nrequire "+prefix+"/middle v0.3.0\n")
			entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.Dir == "circle" })
		}
		w, err := loadWorkspace(root, entries)
		if err != nil {
			return nil, err
		}
		for _, m := range w.modules {
			dirs = append(dirs, m.Dir)
		}
		return dirs, nil
	}
	if dirs, err := load("inside", "top", "middle", "leaf"); err != nil || !slices.Equal(dirs, []string{"leaf", "top", "inside", "middle"}) {
		t.Errorf("%q, %v", dirs, err)
	}
	if _, err := load("inside", "top", "middle", "leaf", "circle"); err == nil || !strings.Contains(err.Error(), "in a circle, and can never be released: inside → top → leaf → middle → leaf") {
		t.Errorf("a circle: %v", err)
	}
	if _, err := load("inside", "top", "middle"); err == nil || !strings.Contains(err.Error(), "go.work uses leaf, which") {
		t.Errorf("a module too many: %v", err)
	}
	if _, err := load("inside", "top", "middle", "leaf", "other"); err == nil || !strings.Contains(err.Error(), "go.work does not use other, which") {
		t.Errorf("a module too few: %v", err)
	}
}

func TestLacking(t *testing.T) {
	cache, err := thirdParty()
	if err != nil {
		t.Fatal(err)
	}
	root := checkout(t, map[string]string{
		"middle/go.mod": "module " + prefix + "/middle\n\ngo 1.26.0\n\nrequire (\n\texample.com/clock v1.0.0\n\texample.com/Big v1.2.0\n\t" + prefix + "/leaf v0.1.0\n)\n",
		"middle/go.sum": sums(t, "clock") + "example.com/clock v1.1.0/go.mod h1:x=\nexample.com/clock v0.9.0 h1:x=\n" + prefix + "/leaf v0.1.0 h1:x=\n",
	})
	w, err := loadWorkspace(root, fixtureTable)
	if err != nil {
		t.Fatal(err)
	}
	lack, err := w.lacking(w.module(prefix+"/middle"), cache)
	slices.Sort(lack)
	if want := []string{"example.com/Big@v1.2.0", "example.com/clock@v0.9.0", "example.com/clock@v1.1.0"}; err != nil || !slices.Equal(lack, want) {
		t.Errorf("%q, %v, want %q", lack, err, want)
	}
	name, err := proxyFile("p", module.Version{Path: "example.com/Big", Version: "v1.2.0"}, ".zip")
	if want := filepath.Join("p", "example.com", "!big", "@v", "v1.2.0.zip"); err != nil || name != want {
		t.Errorf("%s, %v, want %s", name, err, want)
	}
	// None is to be had: the words say which, and what to do.
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	err = w.fetch(t.Context(), cache, t.TempDir(), "off")
	if err == nil || !strings.Contains(err.Error(), "do this once with a network") || !strings.Contains(err.Error(), "example.com/Big@v1.2.0") {
		t.Errorf("fetch: %v", err)
	}
}

func TestDifference(t *testing.T) {
	for _, row := range []struct{ is, ought, want string }{
		{"a\nb\n", "a\nc\nd\n", "  - b\n  + c\n  + d\n"},
		{"", "a\n", "  + a\n"},
		{"a\na\n", "a\n", "  - a\n"},
		{"a\nb\n", "b\na\n", "  the lines are the same, in another order or with other blanks\n"},
	} {
		if got := difference([]byte(row.is), []byte(row.ought)); got != row.want {
			t.Errorf("%q and %q: %q, want %q", row.is, row.ought, got, row.want)
		}
	}
}

func TestReadEvents(t *testing.T) {
	r := readEvents(strings.NewReader(`{"ImportPath":"q","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"fail","Package":"q","FailedBuild":"q"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA/sub"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:12: no compiler\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"none"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:3: got 1\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
go: something else`))
	if r.passed != 1 || !maps.Equal(r.skipped, map[string]int{"no compiler": 1}) {
		t.Errorf("%+v", r)
	}
	if want := "x.go:1: undefined: y\n    c_test.go:3: got 1\ngo: something else"; r.failures != want {
		t.Errorf("failures %q, want %q", r.failures, want)
	}
}

// The programs of testdata compile: whoever changes what they use sees it here, before `release verify` says so.
func TestStrangersCompile(t *testing.T) {
	dirs, err := filepath.Glob(filepath.FromSlash("testdata/strangers/*/main.go"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%q, %v", dirs, err)
	}
	args := []string{"vet"}
	for _, name := range dirs {
		args = append(args, "./"+filepath.ToSlash(filepath.Dir(name)))
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	if err != nil {
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	for _, e := range Modules {
		if e.Released && e.Commands == nil && !slices.Contains(dirs, filepath.FromSlash("testdata/strangers/"+e.Dir+"/main.go")) {
			t.Errorf("no program tries %s", e.Dir)
		}
	}
}
