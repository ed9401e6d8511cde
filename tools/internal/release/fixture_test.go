package release

import (
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

func TestMain(m *testing.M) {
	ForgetGit()
	status := m.Run()
	if dir, err := thirdParty(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// The fixture is a workspace of three modules and one that is not released: leaf, which needs a third-party module
// in its tests; middle, which needs leaf and another third-party module; and top, a command.
const prefix = "example.com/ws"

var fixtureTable = []Entry{
	{Dir: "leaf", Released: true},
	{Dir: "middle", Released: true},
	{Dir: "top", Released: true, Commands: []Command{{Package: "cmd/top", Args: []string{"7"}, Says: "top 7"}}},
	{Dir: "inside"},
}

// thirdParty is a proxy on the file system with the modules example.com/checker and example.com/clock.
var thirdParty = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "netipc-third-"); err != nil {
		return "", err
	}
	for name, body := range map[string]string{"checker": "func Equal(a, b any) bool { return a == b }", "clock": "const Noon = 12"} {
		repo := filepath.Join(dir, "src", name)
		for file, text := range map[string]string{
			"LICENSE":    "free\n",
			"go.mod":     "module example.com/" + name + "\n\ngo 1.26.0\n",
			name + ".go": "package " + name + "\n\n" + body + "\n",
		} {
			if err := writeFile(filepath.Join(repo, file), []byte(text), 0o666); err != nil {
				return "", err
			}
		}
		ctx := context.Background()
		if _, err := ownGit(ctx, repo, "init", "--quiet", "--template="); err != nil {
			return "", err
		}
		if err := commitAll(ctx, repo, "all"); err != nil {
			return "", err
		}
		if err := pack(repo, "", module.Version{Path: "example.com/" + name, Version: "v1.0.0"}, dir); err != nil {
			return "", err
		}
	}
	return dir, nil
})

// sums are the lines of go.sum for a third-party module.
func sums(t *testing.T, name string) string {
	t.Helper()
	dir, err := thirdParty()
	if err != nil {
		t.Fatal(err)
	}
	v := module.Version{Path: "example.com/" + name, Version: "v1.0.0"}
	archive, err := proxyFile(dir, v, ".zip")
	if err != nil {
		t.Fatal(err)
	}
	all, err := dirhash.HashZip(archive, dirhash.DefaultHash)
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return os.Open(strings.TrimSuffix(archive, ".zip") + ".mod")
	})
	if err != nil {
		t.Fatal(err)
	}
	return v.Path + " v1.0.0 " + all + "\n" + v.Path + " v1.0.0/go.mod " + gomod + "\n"
}

// fixture returns the files of a good workspace.
func fixture(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{
		".gitignore": "*.secret\n",
		"LICENSE":    "free\n",
		"go.work": "go 1.26.0\n\nuse (\n\t./inside\n\t./leaf\n\t./middle\n\t./top\n)\n\nreplace (\n" +
			"\t" + prefix + "/leaf v0.1.0 => ./leaf\n\t" + prefix + "/middle v0.3.0 => ./middle\n\t" + prefix + "/top v0.1.0 => ./top\n)\n",

		"leaf/go.mod":       "module " + prefix + "/leaf\n\ngo 1.26.0\n\nrequire example.com/checker v1.0.0\n",
		"leaf/go.sum":       sums(t, "checker"),
		"leaf/leaf.go":      "package leaf\n\nfunc Double(n int) int { return 2 * n }\n",
		"leaf/leaf_test.go": "package leaf\n\nimport (\n\t\"testing\"\n\n\t\"example.com/checker\"\n)\n\nfunc TestDouble(t *testing.T) {\n\tif !checker.Equal(Double(2), 4) {\n\t\tt.Fatal()\n\t}\n}\n\nfunc TestRecorded(t *testing.T) { t.Skip(\"no records\") }\n",

		"middle/go.mod":         "module " + prefix + "/middle\n\ngo 1.26.0\n\nrequire (\n\texample.com/clock v1.0.0\n\t" + prefix + "/leaf v0.1.0\n)\n",
		"middle/go.sum":         sums(t, "checker") + sums(t, "clock"),
		"middle/middle.go":      "package middle\n\nimport (\n\t\"example.com/clock\"\n\t\"" + prefix + "/leaf\"\n)\n\nfunc Midnight() int { return leaf.Double(clock.Noon) }\n",
		"middle/middle_test.go": "package middle\n\nimport \"testing\"\n\nfunc TestMidnight(t *testing.T) {\n\tif Midnight() != 24 {\n\t\tt.Fatal()\n\t}\n}\n",

		"top/go.mod":               "module " + prefix + "/top\n\ngo 1.26.0\n\nrequire " + prefix + "/leaf v0.1.0\n",
		"top/go.sum":               sums(t, "checker"),
		"top/cmd/top/main.go":      "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\n\t\"" + prefix + "/leaf\"\n)\n\nfunc main() { fmt.Println(\"top\", os.Args[1], leaf.Double(1)) }\n",
		"top/cmd/top/main_test.go": "package main\n\nimport \"testing\"\n\nfunc TestNothing(*testing.T) {}\n",

		"inside/go.mod":    "module " + prefix + "/inside\n\ngo 1.26.0\n",
		"inside/inside.go": "package inside\n",

		strangers + "/leaf/main.go":       "package main\n\nimport (\n\t\"fmt\"\n\n\t\"" + prefix + "/leaf\"\n)\n\nfunc main() { fmt.Println(leaf.Double(21)) }\n",
		strangers + "/leaf/output.txt":    "42\n",
		strangers + "/leaf/modules.txt":   broughtHead + "example.com/checker v1.0.0 listed\n" + prefix + "/leaf " + Version + " linked\n",
		strangers + "/middle/main.go":     "package main\n\nimport (\n\t\"fmt\"\n\n\t\"" + prefix + "/middle\"\n)\n\nfunc main() { fmt.Println(middle.Midnight()) }\n",
		strangers + "/middle/output.txt":  "24\n",
		strangers + "/middle/modules.txt": broughtHead + "example.com/checker v1.0.0 listed\nexample.com/clock v1.0.0 linked\n" + prefix + "/leaf " + Version + " linked\n" + prefix + "/middle " + Version + " linked\n",
		strangers + "/top/modules.txt":    broughtHead + "example.com/checker v1.0.0 listed\n" + prefix + "/leaf " + Version + " linked\n" + prefix + "/top " + Version + " linked\n",
	}
	for _, e := range fixtureTable {
		files[e.Dir+"/LICENSE"] = "free\n"
	}
	return files
}

// checkout writes the fixture, with changes, to a git checkout, and returns its root. An empty text removes a
// file.
func checkout(t *testing.T, changes map[string]string) (root string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	files := fixture(t)
	maps.Copy(files, changes)
	root = t.TempDir()
	for name, text := range files {
		if text != "" {
			write(t, root, name, text)
		}
	}
	if _, err := ownGit(t.Context(), root, "init", "--quiet", "--template="); err != nil {
		t.Fatal(err)
	}
	if _, err := ownGit(t.Context(), root, "add", "--all"); err != nil {
		t.Fatal(err)
	}
	return root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	if err := writeFile(filepath.Join(root, filepath.FromSlash(name)), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, root, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// options for a fixture.
func options(t *testing.T, root string, out *strings.Builder) Options {
	t.Helper()
	cache, err := thirdParty()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Root: root, Short: true, Out: out, modules: fixtureTable, cache: cache}
}
