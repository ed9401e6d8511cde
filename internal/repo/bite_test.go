package repo

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// good is a small repository that keeps all rules.
func good() map[string]string {
	files := map[string]string{"LICENSE": "licence\n"}
	work := "go 1.26.0\n"
	for _, dir := range Workspace {
		work += "use ./" + dir + "\n"
		files[dir+"/go.mod"] = "module " + Prefix + "/" + dir + "\n\ngo 1.26.0\n"
		files[dir+"/LICENSE"] = "licence\n"
		files[dir+"/README.md"] = "read\n"
		files[dir+"/CHANGELOG.md"] = "changes\n"
	}
	for _, dir := range Released {
		work += "replace " + Prefix + "/" + dir + " v0.1.0 => ./" + dir + "\n"
	}
	files["go.work"] = work
	files["service/go.mod"] += "require " + Prefix + "/codec v0.1.0\n"
	files["service/service.go"] = "// Package service calls.\npackage service\n\nimport _ \"" + Prefix + "/codec\"\n"
	files["codec/doc.go"] = "// Package codec encodes.\npackage codec\n"
	return files
}

// plant writes files to a new folder and loads it. An empty content removes the file.
func plant(t *testing.T, changes map[string]string) *Tree {
	t.Helper()
	root, files := t.TempDir(), good()
	maps.Copy(files, changes)
	for name, content := range files {
		if content == "" {
			continue
		}
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestGoodTreePasses(t *testing.T) {
	tree := plant(t, nil)
	for _, rule := range Rules {
		if rule.Name == "selected-versions" {
			continue // the fixture has no third-party module to select; see TestCompareSelected
		}
		if bad, err := rule.Check(tree); err != nil || len(bad) > 0 {
			t.Errorf("%s: %v %v", rule.Name, bad, err)
		}
	}
}

// Each rule finds each planted violation, and says where. A rule without a row here fails the test.
func TestRulesBite(t *testing.T) {
	const (
		mod   = "module " + Prefix + "/"
		codec = "// Package codec encodes.\npackage codec\n"
	)
	imports := func(pkg, path string) string {
		return "// Package " + pkg + " x.\npackage " + pkg + "\n\nimport _ \"" + path + "\"\n"
	}
	open := "TO" + "DO"
	rows := map[string][]struct {
		name    string
		changes map[string]string
		want    string // part of a violation
	}{
		"go-lines": {
			{"another go line", map[string]string{"docs/go.mod": mod + "docs\n\ngo 1.26.8\n"}, "docs/go.mod: go 1.26.8"},
			{"no go line", map[string]string{"docs/go.mod": mod + "docs\n"}, "docs/go.mod: no go line"},
			{"toolchain", map[string]string{"docs/go.mod": mod + "docs\n\ngo 1.26.0\n\ntoolchain go1.26.8\n"}, "docs/go.mod: toolchain"},
			{"toolchain in go.work", map[string]string{"go.work": good()["go.work"] + "toolchain go1.26.8\n"}, "go.work: toolchain"},
			{"outside go.work too", map[string]string{"internal/x/go.mod": mod + "internal/x\n\ngo 1.25.0\n"}, "internal/x/go.mod: go 1.25.0"},
		},
		"go-work-modules": {
			{"one too many", map[string]string{"go.work": good()["go.work"] + "use ./internal/repo\n"}, "lists internal/repo"},
			{"one too few", map[string]string{"go.work": strings.Replace(good()["go.work"], "use ./docs\n", "", 1)}, "does not list docs"},
			{"wrong path", map[string]string{"docs/go.mod": "module example.com/docs\n\ngo 1.26.0\n"}, "module example.com/docs"},
			{"stray module", map[string]string{"docs/inner/go.mod": mod + "docs/inner\n\ngo 1.26.0\n"}, "docs/inner/go.mod"},
		},
		"go-work-replaces": {
			{"missing", map[string]string{"go.work": strings.Replace(good()["go.work"], "replace "+Prefix+"/tools v0.1.0 => ./tools\n", "", 1)}, "does not replace " + Prefix + "/tools"},
			{"another version", map[string]string{"service/go.mod": mod + "service\n\ngo 1.26.0\n\nrequire " + Prefix + "/codec v0.2.0\n"}, "requires " + Prefix + "/codec@v0.2.0"},
			{"unversioned", map[string]string{"go.work": good()["go.work"] + "replace " + Prefix + "/bench => ./bench\n"}, "without a version"},
			{"elsewhere", map[string]string{"go.work": strings.Replace(good()["go.work"], "=> ./codec", "=> ./service", 1)}, "want ./codec"},
			{"a stranger", map[string]string{"go.work": good()["go.work"] + "replace golang.org/x/sys v0.1.0 => ./codec\n"}, "not of this repository"},
		},
		"no-replace": {
			{"replace", map[string]string{"docs/go.mod": good()["docs/go.mod"] + "replace " + Prefix + "/codec => ../codec\n"}, "docs/go.mod replaces"},
		},
		"license": {
			{"missing", map[string]string{"bench/LICENSE": ""}, "bench: no LICENSE"},
			{"another", map[string]string{"bench/LICENSE": "other\n"}, "bench/LICENSE differs"},
			{"no root", map[string]string{"LICENSE": ""}, "in the root"},
		},
		"module-papers": {
			{"readme", map[string]string{"bench/README.md": ""}, "bench: no README.md"},
			{"changelog", map[string]string{"bench/CHANGELOG.md": ""}, "bench: no CHANGELOG.md"},
		},
		"no-sibling-sums": {
			{"go.sum", map[string]string{"service/go.sum": Prefix + "/codec v0.1.0 h1:x\n"}, "service/go.sum"},
			{"go.work.sum", map[string]string{"go.work.sum": Prefix + "/codec v0.1.0 h1:x\n"}, "go.work.sum"},
		},
		"module-graph": {
			{"require upwards", map[string]string{"codec/go.mod": good()["codec/go.mod"] + "require " + Prefix + "/service v0.1.0\n"}, "codec/go.mod requires service"},
			{"import upwards", map[string]string{"codec/a.go": imports("codec", Prefix+"/service")}, "codec/a.go imports"},
			{"in a test", map[string]string{"codec/a_test.go": imports("codec", Prefix+"/transport-posix")}, "codec/a_test.go imports"},
			{"internal of the repository", map[string]string{"codec/a.go": imports("codec", Prefix+"/internal/repo")}, "must not know internal/repo"},
			{"no module", map[string]string{"stray.go": "package stray\n"}, "stray.go belongs to no module"},
		},
		"package-imports": {
			{"typed knows wire", map[string]string{"codec/increment/a.go": imports("increment", Prefix+"/codec/wire")}, "codec/increment/a.go imports codec/wire"},
			{"typed knows link", map[string]string{"codec/increment/a.go": imports("increment", Prefix+"/codec/link")}, "imports codec/link"},
			{"typed knows typed", map[string]string{"codec/increment/a.go": imports("increment", Prefix+"/codec/stringreverse")}, "imports codec/stringreverse"},
			{"wire knows typed", map[string]string{"codec/wire/a.go": imports("wire", Prefix+"/codec/increment")}, "codec/wire/a.go"},
			{"wire knows link", map[string]string{"codec/wire/a.go": imports("wire", Prefix+"/codec/link")}, "codec/wire/a.go"},
			{"link knows typed", map[string]string{"codec/link/a.go": imports("link", Prefix+"/codec/increment")}, "codec/link/a.go"},
			{"transport knows typed", map[string]string{"transport-posix/a.go": imports("posix", Prefix+"/codec/increment")}, "transport-posix/a.go"},
			{"core knows transport", map[string]string{"service/a.go": imports("service", Prefix+"/transport-posix")}, "service/a.go"},
			{"core knows local", map[string]string{"service/a.go": imports("service", Prefix+"/service/local")}, "service/a.go"},
			{"local knows the inside of a transport", map[string]string{"service/local/a.go": imports("local", Prefix+"/transport-posix/internal/sys")}, "service/local/a.go"},
			{"snapshot knows transport", map[string]string{"snapshot/a.go": imports("snapshot", Prefix+"/transport-posix")}, "snapshot/a.go"},
			{"producers know services", map[string]string{"snapshot/recompute/a.go": imports("recompute", Prefix+"/service")}, "snapshot/recompute/a.go imports service"},
			{"tools know bench", map[string]string{"tools/a.go": imports("tools", Prefix+"/bench")}, "tools/a.go"},
			{"hidden by a constraint", map[string]string{"service/a.go": "//go:build windows\n\n" + imports("service", Prefix+"/transport-windows")}, "service/a.go"},
		},
		"requires": {
			{"sibling missing", map[string]string{"service/go.mod": mod + "service\n\ngo 1.26.0\n"}, "does not require it"},
			{"third party missing", map[string]string{"codec/a_test.go": imports("codec", "pgregory.net/rapid")}, "codec/go.mod does not require it"},
			{"unused", map[string]string{"codec/go.mod": good()["codec/go.mod"] + "require pgregory.net/rapid v1.3.0\n"}, "nothing imports it"},
		},
		"third-party": {
			{"required", map[string]string{"snapshot/go.mod": good()["snapshot/go.mod"] + "require example.com/x v1.0.0\n"}, "snapshot/go.mod requires example.com/x"},
			{"imported", map[string]string{"snapshot/a.go": imports("snapshot", "example.com/x")}, "snapshot/a.go imports example.com/x"},
			{"test module outside a test", map[string]string{"codec/a.go": imports("codec", "pgregory.net/rapid")}, "codec/a.go imports"},
			{"x/sys in codec", map[string]string{"codec/internal/sys/a.go": imports("sys", xsys+"/unix")}, "codec/internal/sys/a.go imports"},
		},
		"x-sys-place": {
			{"outside", map[string]string{"transport-posix/a_linux.go": imports("posix", xsys+"/unix")}, "transport-posix/a_linux.go"},
			{"in a test", map[string]string{"service/a_test.go": imports("tools", xsys+"/unix")}, "service/a_test.go"},
		},
		"unsafe-place": {
			{"outside", map[string]string{"codec/a.go": imports("codec", "unsafe")}, "codec/a.go imports unsafe"},
		},
		"no-sleep": {
			{"plain", map[string]string{"codec/a_test.go": "package codec\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n"}, "codec/a_test.go:5"},
			{"renamed", map[string]string{"codec/a_test.go": "package codec\n\nimport clock \"time\"\n\nfunc f() { clock.Sleep(1) }\n"}, "codec/a_test.go:5"},
			{"as a value", map[string]string{"codec/a_test.go": "package codec\n\nimport \"time\"\n\nvar nap = time.Sleep\n"}, "codec/a_test.go:5"},
		},
		"package-doc": {
			{"none", map[string]string{"codec/doc.go": "package codec\n"}, "codec: no package comment"},
			{"not about the package", map[string]string{"codec/doc.go": "// Copyright.\npackage codec\n"}, "codec: no package comment"},
			{"hidden", map[string]string{"codec/doc.go": "//go:build linux\n\n" + codec}, "codec/doc.go: a build constraint"},
			{"program", map[string]string{"tools/cmd/x/main.go": "package main\n"}, "tools/cmd/x: no package comment"},
		},
		"left-open": {
			{"go", map[string]string{"codec/a.go": codec + "// " + open + ": later\n"}, "codec/a.go:3"},
			{"makefile", map[string]string{"Makefile": "# " + open + "\n"}, "Makefile:1"},
			{"ci", map[string]string{".ci/run": "# " + open + "\n"}, ".ci/run:1"},
		},
		"machine-paths": {
			{"home", map[string]string{"codec/a.go": codec + "// see /" + "home/joe/notes\n"}, "codec/a.go:3"},
			{"mac", map[string]string{"README.md": "in /" + "Users/joe/x\n"}, "README.md:1"},
			{"windows", map[string]string{"README.md": `in C:\` + `Users\joe` + "\n"}, "README.md:1"},
			{"cache of root", map[string]string{"README.md": "/root" + "/go/pkg\n"}, "README.md:1"},
			{"registry", map[string]string{".ci/env": "GOPROXY=" + "https://host.example\n"}, ".ci/env:1"},
		},
		"line-ends": {
			{"crlf", map[string]string{"README.md": "a\nb\r\n"}, "README.md:2"},
		},
		"service-wasm": {
			{"a socket", map[string]string{"service/service.go": "// Package service calls.\npackage service\n\nimport \"syscall\"\n\nvar _ = syscall.SYS_SOCKET\n"}, "SYS_SOCKET"},
		},
	}
	for _, rule := range Rules {
		if rule.Name == "selected-versions" {
			continue // see TestCompareSelected
		}
		if len(rows[rule.Name]) == 0 {
			t.Errorf("rule %s has no planted violation", rule.Name)
		}
		for _, row := range rows[rule.Name] {
			t.Run(rule.Name+"/"+row.name, func(t *testing.T) {
				bad, err := rule.Check(plant(t, row.changes))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(bad, func(s string) bool { return strings.Contains(s, row.want) }) {
					t.Errorf("found %q, want one with %q", bad, row.want)
				}
			})
		}
	}
}

// What the rules deliberately allow.
func TestRulesAllow(t *testing.T) {
	imports := func(pkg string, paths ...string) string {
		return "// Package " + pkg + " x.\npackage " + pkg + "\n\nimport (\n\t_ \"" + strings.Join(paths, "\"\n\t_ \"") + "\"\n)\n"
	}
	allowed := map[string]string{
		"transport-posix/internal/sys/a.go":     imports("sys", xsys+"/unix", "unsafe"),
		"transport-posix/internal/shm/a.go":     imports("shm", Prefix+"/transport-posix/internal/sys"),
		"transport-posix/a_unsafe_linux.go":     imports("posix", "unsafe", Prefix+"/codec/link", Prefix+"/codec/wire"),
		"transport-posix/a_test.go":             imports("posix", Prefix+"/codec/link/linktest", "pgregory.net/rapid"),
		"codec/increment/a.go":                  imports("increment", Prefix+"/codec", Prefix+"/codec/internal/slots"),
		"codec/link/linktest/a.go":              imports("linktest", Prefix+"/codec/link", Prefix+"/codec/wire"),
		"service/local/a.go":                    imports("local", Prefix+"/transport-posix", Prefix+"/service"),
		"service/a_test.go":                     imports("service_test", Prefix+"/service/local"),
		"snapshot/cgroups/a.go":                 imports("cgroups", Prefix+"/service/cgroupsnapshot", Prefix+"/service/local"),
		"tools/cmd/netipc/main.go":              "// Netipc asks.\npackage main\n\nimport _ \"example.com/anything\"\n",
		"codec/testdata/broken.go":              "not go",
		"codec/testdata/home.txt":               "/" + "home/joe/x\n",
		"codec/testdata/crlf.bin":               "\x00\r\n",
		"docs/fixture/testdata/inner/go.mod":    "module example.com/inner\n",
		"codec/increment/sleep_helper_linux.go": "package increment\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n",
	}
	tree := plant(t, allowed)
	for _, rule := range Rules {
		switch rule.Name {
		case "selected-versions", "service-wasm", "requires":
			continue // these judge the go.mod files, which the fixture leaves alone
		}
		bad, err := rule.Check(tree)
		if err != nil || len(bad) > 0 {
			t.Errorf("%s: %q %v", rule.Name, bad, err)
		}
	}
}

// The path of this very checkout is found wherever it stands.
func TestMachinePathsOfThisCheckout(t *testing.T) {
	tree := plant(t, nil)
	name := filepath.Join(tree.Root, "README.md")
	if err := os.WriteFile(name, []byte("built in "+tree.Root+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tree, err := Load(tree.Root)
	if err != nil {
		t.Fatal(err)
	}
	if bad, err := machinePaths(tree); err != nil || len(bad) == 0 {
		t.Errorf("not found: %v", err)
	}
}

func TestCompareSelected(t *testing.T) {
	tree := plant(t, map[string]string{
		"transport-posix/go.mod": good()["transport-posix/go.mod"] + "require " + xsys + " v0.48.0\n",
	})
	if bad := compareSelected(tree, map[string]string{xsys: "v0.48.0"}); len(bad) > 0 {
		t.Errorf("equal versions: %v", bad)
	}
	for _, selected := range []map[string]string{{xsys: "v0.49.0"}, {}} {
		if bad := compareSelected(tree, selected); len(bad) != 1 {
			t.Errorf("selected %v: %v, want one violation", selected, bad)
		}
	}
}

func TestFindLoop(t *testing.T) {
	if loop := findLoop(map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}}, "a", nil); len(loop) != 4 {
		t.Errorf("a cycle of three: %v", loop)
	}
	if loop := findLoop(map[string][]string{"a": {"b", "c"}, "b": {"c"}, "c": nil}, "a", nil); loop != nil {
		t.Errorf("no cycle: %v", loop)
	}
}
