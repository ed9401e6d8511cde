package repo

import (
	"bytes"
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func inInternalSys(dir string) bool { return isOrUnder(dir, "internal/sys") }

// inLibrary reports whether a file belongs to a module that consumers import.
func inLibrary(name string) bool {
	module, _, _ := strings.Cut(name, "/")
	return slices.Contains(Libraries, module)
}

func xsysPlace(t *Tree) (bad []string, err error) {
	for _, s := range t.Sources {
		for _, imp := range s.Imports {
			if within(imp, xsys) && !inInternalSys(s.Dir()) && inLibrary(s.Name) {
				bad = append(bad, s.Name+" imports "+imp)
			}
		}
	}
	return bad, nil
}

// unsafeName matches region_unsafe.go, region_unsafe_linux.go and their tests.
var unsafeName = regexp.MustCompile(`(^|_)unsafe(_[a-z0-9]+)*\.go$`)

func unsafePlace(t *Tree) (bad []string, err error) {
	for _, s := range t.Sources {
		if slices.Contains(s.Imports, "unsafe") && !inInternalSys(s.Dir()) && !unsafeName.MatchString(path.Base(s.Name)) {
			bad = append(bad, s.Name+" imports unsafe")
		}
	}
	return bad, nil
}

func noSleep(t *Tree) (bad []string, err error) {
	for _, s := range t.Sources {
		if !s.Test {
			continue
		}
		name := "time"
		for _, spec := range s.Syntax.Imports {
			if spec.Path.Value == `"time"` && spec.Name != nil {
				name = spec.Name.Name
			}
		}
		ast.Inspect(s.Syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == name {
					bad = append(bad, s.line(sel.Pos())+": time.Sleep")
				}
			}
			return true
		})
	}
	return bad, nil
}

func packageDoc(t *Tree) (bad []string, err error) {
	documented := map[string]bool{}
	for _, s := range t.Sources {
		if s.Test {
			continue
		}
		documented[s.Dir()] = documented[s.Dir()] || goodDoc(s)
		if path.Base(s.Name) == "doc.go" && s.constrained() {
			bad = append(bad, s.Name+": a build constraint")
		}
	}
	for dir, ok := range documented {
		if !ok {
			bad = append(bad, dir+": no package comment (\"Package …\" or, for a program, any) in a file without build constraint")
		}
	}
	slices.Sort(bad)
	return bad, nil
}

func goodDoc(s *Source) bool {
	if s.Syntax.Doc == nil || s.constrained() {
		return false
	}
	text, name := s.Syntax.Doc.Text(), s.Syntax.Name.Name
	return name == "main" && text != "" || strings.HasPrefix(text, "Package "+name+" ")
}

// The words are cut in two so that the rule does not find itself.
var openWords = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

func leftOpen(t *Tree) (bad []string, err error) {
	return t.grep(openWords, func(name string) bool {
		return !inTestdata(name) && (strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".sh") ||
			strings.HasSuffix(name, ".md") || isOrUnder(name, "Makefile") || strings.HasPrefix(name, ".ci/"))
	})
}

var (
	homes    = regexp.MustCompile(`(^|[^\w.%}])/(home|Users)/[\w.-]+/|[A-Za-z]:\\+Users\\+\w|/root/(go|\.cache)/`)
	registry = regexp.MustCompile(`(?i)\b(GOPROXY|registry|index-url)["']?\s*[=:]\s*["']?https?:`)
	// shared folders are the parents in which any machine may have a checkout.
	shared = []string{"/", "/tmp", "/run", "/var", "/var/tmp", "/home", "/root", "/usr", "/usr/src", "/opt", "/srv", "/mnt", "/src"}
)

func machinePaths(t *Tree) (bad []string, err error) {
	code := func(name string) bool { return !inTestdata(name) }
	all := func(string) bool { return true }
	here := []string{regexp.QuoteMeta(t.Root) + `\b`}
	if parent := filepath.Dir(t.Root); !slices.Contains(shared, parent) {
		here = append(here, regexp.QuoteMeta(parent)+"/")
	}
	if home, err := os.UserHomeDir(); err == nil && !slices.Contains(shared, home) {
		here = append(here, regexp.QuoteMeta(home)+"/")
	}
	for _, look := range []struct {
		re    *regexp.Regexp
		where func(string) bool
	}{{homes, code}, {registry, all}, {regexp.MustCompile(strings.Join(here, "|")), all}} {
		lines, err := t.grep(look.re, look.where)
		if err != nil {
			return nil, err
		}
		bad = append(bad, lines...)
	}
	return bad, nil
}

func lineEnds(t *Tree) (bad []string, err error) {
	for _, name := range t.Files {
		b, err := t.Read(name)
		if err != nil {
			return nil, err
		}
		if i := bytes.Index(b, []byte("\r\n")); i >= 0 && !binary(b) {
			bad = append(bad, fmt.Sprintf("%s:%d: CRLF", name, 1+bytes.Count(b[:i], []byte{'\n'})))
		}
	}
	return bad, nil
}

// grep returns "file:line: text" for each line of a text file that matches.
func (t *Tree) grep(re *regexp.Regexp, where func(name string) bool) (hits []string, err error) {
	for _, name := range t.Files {
		if !where(name) {
			continue
		}
		b, err := t.Read(name)
		if err != nil {
			return nil, err
		}
		if binary(b) || !re.Match(b) {
			continue
		}
		n := 0
		for line := range bytes.Lines(b) {
			n++
			if m := re.Find(line); m != nil {
				hits = append(hits, fmt.Sprintf("%s:%d: %s", name, n, m))
			}
		}
	}
	return hits, nil
}

// binary is git's test: a NUL within the first 8000 bytes.
func binary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), 8000)], 0) >= 0 }
