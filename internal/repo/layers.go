package repo

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// moduleTable says which modules of this repository each one may require.
var moduleTable = map[string][]string{
	"codec":             {},
	"transport-posix":   {"codec"},
	"transport-windows": {"codec"},
	"service":           {"codec", "transport-posix", "transport-windows"},
	"snapshot":          {"codec", "service"},
	"tools":             {"codec", "transport-posix", "transport-windows", "service", "snapshot"},
	"bench":             {"codec", "transport-posix", "transport-windows", "service", "snapshot"},
	"docs":              {"codec", "transport-posix", "transport-windows", "service", "snapshot"},
}

// layer says what the packages that match pattern may import of this repository, outside their tests. Paths are
// relative to Prefix; "x/..." is x and everything below it; "!x" takes x out again and wins.
type layer struct {
	pattern string
	may     []string
}

// layers is read from the top; the first pattern that matches a package decides.
var layers = []layer{
	{"codec", nil},
	{"codec/wire", []string{"codec", "codec/internal/..."}},
	{"codec/link/...", []string{"codec", "codec/wire", "codec/link/...", "codec/internal/..."}},
	{"codec/vectortest", nil},
	{"codec/internal/...", []string{"codec", "codec/internal/..."}},
	{"codec/...", []string{"codec", "codec/internal/..."}}, // typed payloads, one package a method

	{"transport-posix/...", []string{"codec", "codec/wire", "codec/link", "transport-posix/..."}},
	{"transport-windows/...", []string{"codec", "codec/wire", "codec/link", "transport-windows/..."}},

	{"service/local/...", []string{"codec/...", "transport-posix", "transport-windows", "service/..."}},
	{"service/...", []string{"codec/...", "service/...", "!service/local/..."}},

	{"snapshot/recompute", nil}, // producers of anything, served or not
	{"snapshot/...", []string{"codec/...", "service/...", "snapshot/..."}},

	{"tools/...", []string{"codec/...", "transport-posix/...", "transport-windows/...", "service/...", "snapshot/...", "tools/..."}},
	{"bench/...", []string{"codec/...", "transport-posix/...", "transport-windows/...", "service/...", "snapshot/...", "bench/..."}},
	{"docs/...", []string{"codec/...", "transport-posix/...", "transport-windows/...", "service/...", "snapshot/...", "docs/..."}},
	{"internal/repo/...", []string{"internal/repo/..."}},
	{"internal/devtools/...", []string{"internal/devtools/..."}},
}

func (l layer) allows(pkg string) bool {
	allowed := false
	for _, p := range l.may {
		if not, negated := strings.CutPrefix(p, "!"); negated {
			if matches(not, pkg) {
				return false
			}
		} else if matches(p, pkg) {
			allowed = true
		}
	}
	return allowed
}

func matches(pattern, pkg string) bool {
	if prefix, wild := strings.CutSuffix(pattern, "/..."); wild {
		return within(pkg, prefix)
	}
	return pattern == pkg
}

// moduleGraph holds requires and imports, those of tests included, against moduleTable.
func moduleGraph(t *Tree) (bad []string, err error) {
	for dir := range moduleTable {
		if loop := findLoop(moduleTable, dir, nil); loop != nil {
			return nil, fmt.Errorf("moduleTable itself has a cycle: %v", loop)
		}
	}
	for _, m := range t.Modules {
		for _, r := range m.Require {
			if dir, ours := sibling(r.Mod.Path); ours && !slices.Contains(moduleTable[m.Dir], dir) {
				bad = append(bad, fmt.Sprintf("%s requires %s", m.file(), dir))
			}
		}
	}
	for _, s := range t.Sources {
		m := t.owner(s.Name)
		if m == nil {
			bad = append(bad, s.Name+" belongs to no module")
			continue
		}
		for _, imp := range s.Imports {
			if dir, ours := sibling(imp); ours && dir != m.Dir && !slices.Contains(moduleTable[m.Dir], dir) {
				bad = append(bad, fmt.Sprintf("%s imports %s: module %s must not know %s", s.Name, imp, m.Dir, dir))
			}
		}
	}
	return bad, nil
}

func findLoop(graph map[string][]string, at string, way []string) []string {
	if slices.Contains(way, at) {
		return append(way, at)
	}
	for _, next := range graph[at] {
		if loop := findLoop(graph, next, append(way, at)); loop != nil {
			return loop
		}
	}
	return nil
}

// packageImports holds the imports of non-test files against layers.
func packageImports(t *Tree) (bad []string, err error) {
	for _, s := range t.Sources {
		if s.Test {
			continue
		}
		i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.pattern, s.Dir()) })
		if i < 0 {
			bad = append(bad, s.Name+": no layer for package "+s.Dir())
			continue
		}
		for _, imp := range s.Imports {
			pkg, ours := strings.CutPrefix(imp, Prefix+"/")
			if ours && !layers[i].allows(path.Clean(pkg)) {
				bad = append(bad, fmt.Sprintf("%s imports %s; layer %s may import %v", s.Name, pkg, layers[i].pattern, layers[i].may))
			}
		}
	}
	return bad, nil
}
