package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/zip"
)

func TestVerify(t *testing.T) {
	root := checkout(t, nil)
	var out strings.Builder
	counts, err := Verify(t.Context(), options(t, root, &out))
	if err != nil || counts.Failed > 0 || counts.Passed != 3*7+2 {
		t.Errorf("%+v %v", counts, err)
	}
	for _, want := range []string{
		"ok    leaf: a stranger's program runs", "ok    middle: brings what it should (4 modules",
		"ok    top: go install, and the commands run", "ok    leaf: tested alone (1 passed",
		"skip  leaf: 1 of the tests: no records\n", "ok    inside: go.mod and go.sum are tidy",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it did not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
	changed, err := ownGit(t.Context(), root, "status", "--porcelain", "--ignored")
	if err != nil || strings.Contains(strings.ReplaceAll(string(changed), "A  ", ""), " ") {
		t.Errorf("the checkout has changed (%v):\n%s", err, changed)
	}
}

// What is wrong is found, and said so that somebody can mend it.
func TestFound(t *testing.T) {
	const mod = "\n\ngo 1.26.0\n\n"
	leaf, middle, top := "module "+prefix+"/leaf"+mod, "module "+prefix+"/middle"+mod, "module "+prefix+"/top"+mod
	requires := "require (\n\texample.com/clock v1.0.0\n\t" + prefix + "/leaf v0.1.0\n)\n"
	for _, row := range []struct {
		name    string
		file    string
		text    string
		says    []string
		lacking bool // the module cannot be had, so no more is said of those that need it
	}{
		{"a missing requirement of a sibling", "middle/go.mod", middle + "require example.com/clock v1.0.0\n",
			[]string{"middle/go.mod is not what `go mod tidy` makes", "+ " + prefix + "/leaf v0.1.0\n", "release verify -update"}, false},
		{"a missing requirement of a third party", "middle/go.mod", middle + "require " + prefix + "/leaf v0.1.0\n",
			[]string{"middle/go.mod is not what", "+ example.com/clock v1.0.0\n"}, false},
		{"one that nobody needs", "top/go.mod", top + requires,
			[]string{"top/go.mod is not what", "- example.com/clock v1.0.0\n"}, false},
		{"one that is not indirect", "middle/go.mod", strings.Replace(middle+requires, "clock v1.0.0", "clock v1.0.0 // indirect", 1),
			[]string{"- example.com/clock v1.0.0 // indirect\n", "+ example.com/clock v1.0.0\n"}, false},
		{"a missing sum", "middle/go.sum", sums(t, "checker"),
			[]string{"middle/go.sum is not what", "+ example.com/clock v1.0.0/go.mod h1:"}, false},
		{"a sum of a sibling", "middle/go.sum", prefix + "/leaf v0.1.0 h1:xyz=\n" + prefix + "/leaf v0.1.0/go.mod h1:xyz=\n",
			[]string{"middle/go.sum has a hash of a module of this repository", "Remove the line: " + prefix + "/leaf v0.1.0/go.mod h1:xyz="}, false},
		{"a replace", "middle/go.mod", middle + requires + "replace " + prefix + "/leaf => ../leaf\n",
			[]string{"middle/go.mod replaces " + prefix + "/leaf", "Replaces stand in go.work"}, false},
		{"an exclude", "middle/go.mod", middle + requires + "exclude example.com/clock v0.9.0\n",
			[]string{"middle/go.mod excludes example.com/clock@v0.9.0"}, false},
		{"no licence", "top/LICENSE", "",
			[]string{"top has no LICENSE", "Copy the root's"}, false},
		{"another licence", "top/LICENSE", "mine\n",
			[]string{"top/LICENSE is another"}, false},
		{"a version that is not there", "middle/go.mod", strings.Replace(middle+requires, "leaf v0.1.0", "leaf v0.2.0", 1),
			[]string{"middle/go.mod requires " + prefix + "/leaf@v0.2.0, and go.work has \"v0.1.0\" on disk"}, false},
		{"what is not released", "top/go.mod", top + "require (\n\t" + prefix + "/inside v0.1.0\n\t" + prefix + "/leaf v0.1.0\n)\n",
			[]string{"top/go.mod requires " + prefix + "/inside, which is not released", "FAIL  top: packed"}, true},
		{"what is nowhere to be had", "leaf/go.mod", leaf + "require example.com/checker v1.7.0\n",
			[]string{"FAIL  leaf: go.mod and go.sum are tidy", "example.com/checker@v1.7.0", "FAIL  middle: packed", "it requires leaf, which could not be packed"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, v := made(t, checkout(t, map[string]string{row.file: row.text}))
			for _, want := range row.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it did not say %q", want)
				}
			}
			if v.Failed == 0 {
				t.Error("nothing failed")
			}
			if !row.lacking {
				for _, m := range v.w.modules {
					if m.missing != "" {
						t.Errorf("%s: %s", m.Dir, m.missing)
					}
				}
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

// made packs all modules of a checkout, and tries none.
func made(t *testing.T, root string) (*strings.Builder, *verification) {
	t.Helper()
	out := new(strings.Builder)
	v := &verification{Options: options(t, root, out), report: report{out: out}, dir: t.TempDir()}
	v.proxy = filepath.Join(v.dir, "proxy")
	if err := v.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range v.w.modules {
		v.make(t.Context(), m)
	}
	return out, v
}

// tried tries one module of a checkout.
func tried(t *testing.T, dir string, changes map[string]string) string {
	t.Helper()
	out, v := made(t, checkout(t, changes))
	if v.Failed > 0 {
		t.Fatal(out)
	}
	for _, m := range v.w.modules {
		if m.Dir == dir {
			v.try(t.Context(), m)
		}
	}
	return out.String()
}

func TestNewDependency(t *testing.T) {
	files := fixture(t)
	out := tried(t, "leaf", map[string]string{
		"leaf/go.mod":  strings.Replace(files["leaf/go.mod"], "require example.com/checker v1.0.0", "require (\n\texample.com/checker v1.0.0\n\texample.com/clock v1.0.0\n)", 1),
		"leaf/go.sum":  sums(t, "checker") + sums(t, "clock"),
		"leaf/leaf.go": "package leaf\n\nimport \"example.com/clock\"\n\nfunc Double(n int) int { return n * clock.Noon / 6 }\n",

		"top/go.mod": strings.Replace(files["top/go.mod"], "require "+prefix+"/leaf v0.1.0\n", "require "+prefix+"/leaf v0.1.0\n\nrequire example.com/clock v1.0.0 // indirect\n", 1),
		"top/go.sum": sums(t, "checker") + sums(t, "clock"),
	})
	for _, want := range []string{
		"FAIL  leaf: brings what it should",
		"is not what " + strangers + "/leaf/modules.txt lists (-):\n        + example.com/clock v1.0.0 linked\n      If",
		"ok    leaf: tested alone",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it did not say %q but:\n%s", want, out)
		}
	}
}

func TestStranger(t *testing.T) {
	long(t)
	for _, row := range []struct {
		name, dir, file, text string
		says                  []string
	}{
		{"no program", "leaf", strangers + "/leaf/main.go", "", []string{"FAIL  leaf: a stranger's program runs", "every released module has a program that tries it"}},
		{"another output", "leaf", strangers + "/leaf/output.txt", "41\n", []string{"- 41\n", "+ 42\n", "ok    leaf: brings"}},
		{"a command that says something else", "top", "top/cmd/top/main.go", "package main\n\nimport _ \"" + prefix + "/leaf\"\n\nfunc main() { println(1) }\n", []string{"FAIL  top: go install", `without "top 7"`}},
		{"a test that needs the checkout", "leaf", "leaf/root_test.go", "package leaf\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestRoot(t *testing.T) {\n\tif _, err := os.Stat(\"../go.work\"); err != nil {\n\t\tt.Error(err)\n\t}\n}\n", []string{"FAIL  leaf: tested alone (1 passed", "root_test.go:10: stat ../go.work"}},
		{"a test of a file that is ignored", "leaf", "leaf/a_test.go", "package leaf\n\nimport _ \"embed\"\n\n//go:embed a.secret\nvar secret string\n", []string{"FAIL  leaf: vetted alone", "pattern a.secret: no matching files found"}},
		{"no tests", "leaf", "leaf/leaf_test.go", "package leaf\n\nimport _ \"example.com/checker\"\n", []string{"FAIL  leaf: tested alone", "no test passed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			out := tried(t, row.dir, map[string]string{row.file: row.text, "leaf/a.secret": "x"})
			for _, want := range row.says {
				if !strings.Contains(out, want) {
					t.Errorf("it did not say %q but:\n%s", want, out)
				}
			}
		})
	}
}

// long skips a test that runs many go commands.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("not with -short: it runs dozens of go commands")
	}
}

// What is packed is what a commit would hold.
func TestPackedFiles(t *testing.T) {
	root := checkout(t, map[string]string{"leaf/gone.txt": "x", "leaf/kept.secret": "x", "leaf/inner/go.mod": "module x\n", "leaf/crlf.txt": "a\r\n", ".gitattributes": "* text=auto eol=lf\n"})
	write(t, root, "leaf/new.txt", "x")
	write(t, root, "leaf/own.secret", "x")
	if _, err := ownGit(t.Context(), root, "add", "--force", "leaf/kept.secret"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "leaf", "gone.txt")); err != nil {
		t.Fatal(err)
	}
	out, v := made(t, root)
	dir := filepath.Join(t.TempDir(), "leaf")
	if err := unpack(v.proxy, v.w.module(prefix+"/leaf").version(), dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var names []string
	if err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(dir)+"/"))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"LICENSE", "crlf.txt", "go.mod", "go.sum", "kept.secret", "leaf.go", "leaf_test.go", "new.txt"}; !slices.Equal(names, want) {
		t.Errorf("packed are %q, want %q", names, want)
	}
	if got := read(t, dir, "crlf.txt"); got != "a\n" {
		t.Errorf("line ends: %q", got)
	}
	name, err := proxyFile(v.proxy, v.w.module(prefix+"/leaf").version(), ".zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zip.CheckZip(v.w.module(prefix+"/leaf").version(), name); err != nil {
		t.Error(err)
	}
	if text := read(t, filepath.Dir(name), "list"); text != Version+"\n" {
		t.Errorf("list: %q", text)
	}
}

// The hashes of siblings, which strangers need, are in what is packed and nowhere else.
func TestSiblingSums(t *testing.T) {
	root := checkout(t, nil)
	_, v := made(t, root)
	if packed := read(t, v.w.dir, "middle/go.sum"); !strings.Contains(packed, prefix+"/leaf "+Version+" h1:") {
		t.Errorf("packed:\n%s", packed)
	}
	if ours := read(t, root, "middle/go.sum"); strings.Contains(ours, prefix) {
		t.Errorf("in the checkout:\n%s", ours)
	}
}

func TestCommit(t *testing.T) {
	root := checkout(t, nil)
	if err := commitAll(t.Context(), root, "good"); err != nil {
		t.Fatal(err)
	}
	write(t, root, "leaf/leaf.go", "broken")
	write(t, root, "leaf/new.txt", "x")
	dst := filepath.Join(t.TempDir(), "copy")
	if err := os.Mkdir(dst, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := copyTree(t.Context(), root, "HEAD", dst); err != nil {
		t.Fatal(err)
	}
	if read(t, dst, "leaf/leaf.go") != fixture(t)["leaf/leaf.go"] {
		t.Error("leaf.go is not that of the commit")
	}
	if _, err := os.Stat(filepath.Join(dst, "leaf/new.txt")); err == nil {
		t.Error("new.txt is not in the commit")
	}
	if err := copyTree(t.Context(), root, "v9", t.TempDir()); err == nil || !strings.Contains(err.Error(), "v9") {
		t.Errorf("no such commit: %v", err)
	}
}

func TestUpdate(t *testing.T) {
	long(t)
	good := fixture(t)
	root := checkout(t, map[string]string{
		"middle/go.mod": "module " + prefix + "/middle\n\ngo 1.26.0\n\nrequire example.com/clock v1.0.0\n",
		"middle/go.sum": prefix + "/leaf v0.1.0 h1:xyz=\n",

		strangers + "/middle/modules.txt": "",
		strangers + "/leaf/modules.txt":   "example.com/old v1.0.0 linked\n",
	})
	var out strings.Builder
	o := options(t, root, &out)
	o.Update = true
	counts, err := Verify(t.Context(), o)
	if err != nil || counts.Failed != 1 { // the sum of a sibling, which it has removed
		t.Errorf("%+v %v\n%s", counts, err, &out)
	}
	for _, name := range []string{"middle/go.mod", "middle/go.sum", strangers + "/middle/modules.txt", strangers + "/leaf/modules.txt"} {
		if got := read(t, root, name); got != good[name] {
			t.Errorf("%s is now:\n%s", name, got)
		}
	}
	v := &verification{Options: o}
	if note, err := v.update("leaf/go.mod", []byte("before"), []byte("after")); err == nil || note != "" {
		t.Errorf("a file that somebody else has changed was replaced: %q, %v", note, err)
	}
	o.Commit = "HEAD"
	if _, err := Verify(t.Context(), o); err == nil {
		t.Error("-update with -commit: no error")
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := new(strings.Builder)
	o := options(t, checkout(t, nil), out)
	o.Out = writerFunc(func(b []byte) (int, error) {
		cancel()
		return out.Write(b)
	})
	if _, err := Verify(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v\n%s", err, out)
	}
	if n := strings.Count(out.String(), "\nok "); n > 0 {
		t.Errorf("checks went on:\n%s", out)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestNoCheckout(t *testing.T) {
	if _, err := FindRoot(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no go.work in ") {
		t.Errorf("FindRoot: %v", err)
	}
	root := checkout(t, nil)
	if got, err := FindRoot(filepath.Join(root, "leaf")); err != nil || got != root {
		t.Errorf("FindRoot: %s, %v", got, err)
	}
	if err := os.RemoveAll(filepath.Join(root, ".git")); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), options(t, root, new(strings.Builder))); err == nil || !strings.Contains(err.Error(), "list the files of "+root) {
		t.Errorf("Verify: %v", err)
	}
}
