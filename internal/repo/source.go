package repo

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// Source is one parsed Go file. Build constraints are not evaluated: the rules hold on every operating system.
type Source struct {
	Name    string // relative to the root, with slashes
	Test    bool   // its name ends in _test.go
	Syntax  *ast.File
	Imports []string
	fset    *token.FileSet
}

// Dir returns the folder of the file.
func (s *Source) Dir() string { return path.Dir(s.Name) }

// line returns "file:line" of a position.
func (s *Source) line(p token.Pos) string {
	return s.Name + ":" + strconv.Itoa(s.fset.Position(p).Line)
}

// constrained reports whether a //go:build line stands before the package clause.
func (s *Source) constrained() bool {
	for _, group := range s.Syntax.Comments {
		if group.Pos() > s.Syntax.Package {
			break
		}
		for _, c := range group.List {
			if constraint.IsGoBuild(c.Text) {
				return true
			}
		}
	}
	return false
}

func loadSource(t *Tree, name string) (*Source, error) {
	b, err := t.Read(name)
	if err != nil {
		return nil, err
	}
	s := &Source{Name: name, Test: strings.HasSuffix(name, "_test.go"), fset: token.NewFileSet()}
	if s.Syntax, err = parser.ParseFile(s.fset, name, b, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	for _, spec := range s.Syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		s.Imports = append(s.Imports, p)
	}
	return s, nil
}
