package release

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// broughtHead explains modules.txt.
const broughtHead = `# What a program gets that imports this module and no other: "go list -m all", and of each module whether it is
# linked (into the program, on Linux), else required (by its go.mod), else only listed.
# Written by: go run ./tools/cmd/release verify -update
`

// brought returns what came along with what the module in dir imports: a line for each other module. packages are
// those that its program consists of.
func brought(ctx context.Context, g *goCommand, dir string, packages ...string) ([]byte, error) {
	// -e: where a proxy lacks the time of a version, which only the list asks for, that is no matter.
	all, err := g.run(ctx, dir, "list", "-m", "-e", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all")
	if err != nil {
		return nil, err
	}
	args := append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, packages...)
	linked, err := g.with("GOOS=linux", "GOARCH=amd64").run(ctx, dir, args...)
	if err != nil {
		return nil, err
	}
	required, err := requirements(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.FieldsFuncSeq(all, func(r rune) bool { return r == '\n' }) {
		path, _, _ := strings.Cut(line, " ")
		how := "listed"
		switch {
		case slices.Contains(strings.Fields(linked), path):
			how = "linked"
		case slices.Contains(required, path):
			how = "required"
		}
		lines = append(lines, line+" "+how+"\n")
	}
	slices.Sort(lines)
	return []byte(broughtHead + strings.Join(lines, "")), nil
}

func requirements(gomod string) (paths []string, err error) {
	b, err := readFile(gomod)
	if err != nil {
		return nil, err
	}
	f, err := modfile.Parse(gomod, b, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range f.Require {
		paths = append(paths, r.Mod.Path)
	}
	return paths, nil
}

// compareBrought says what comes along that is not in the list, and the other way round.
func compareBrought(list string, is, ought []byte) error {
	if bytes.Equal(is, ought) {
		return nil
	}
	is, ought = bytes.TrimPrefix(is, []byte(broughtHead)), bytes.TrimPrefix(ought, []byte(broughtHead))
	return fmt.Errorf("what comes along (+) is not what %s lists (-):\n%s%s", list, difference(ought, is), mend)
}
