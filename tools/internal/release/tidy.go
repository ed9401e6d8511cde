package release

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// tidied is a go.mod and a go.sum as they should be in the tree.
type tidied struct{ gomod, gosum []byte }

// tidy makes a module of the copy fit to be packed: it requires the others at Version, and is what `go mod tidy`
// makes of it. It returns what that means for the tree.
func (w *workspace) tidy(ctx context.Context, g *goCommand, m *member) (t tidied, err error) {
	gomod, err := w.forVerify(m.gomod)
	if err != nil {
		return t, err
	}
	dir := filepath.Join(w.dir, m.Dir)
	if err := writeFile(filepath.Join(dir, "go.mod"), gomod, 0o666); err != nil {
		return t, err
	}
	if m.gosum != nil {
		if err := writeFile(filepath.Join(dir, "go.sum"), w.thirdPartySums(m.gosum), 0o666); err != nil {
			return t, err
		}
	}
	if _, err := g.run(ctx, dir, "mod", "tidy"); err != nil {
		return t, fmt.Errorf("%s: a requirement that go.mod lacks is looked for in the module cache and among the modules below this one, nowhere else\n%w", m.Dir, err)
	}
	if gomod, err = readFile(filepath.Join(dir, "go.mod")); err != nil {
		return t, err
	}
	if t.gomod, err = w.forTree(m, gomod); err != nil {
		return t, err
	}
	gosum, err := readFile(filepath.Join(dir, "go.sum"))
	t.gosum = w.thirdPartySums(gosum)
	return t, err
}

// compare says how the files of the tree differ from what they should be.
func (t tidied) compare(w *workspace, m *member) error {
	var text strings.Builder
	for _, f := range []struct {
		name      string
		is, ought []byte
	}{
		{"go.mod", m.gomod, t.gomod},
		{"go.sum", w.thirdPartySums(m.gosum), t.gosum},
	} {
		if !bytes.Equal(f.is, f.ought) {
			fmt.Fprintf(&text, "%s/%s is not what `go mod tidy` makes of it:\n%s", m.Dir, f.name, difference(f.is, f.ought))
		}
	}
	if text.Len() == 0 {
		return nil
	}
	return fmt.Errorf("%s%s", text.String(), mend)
}

// mend is what to do about files that are made from others.
const mend = "If that is as it should be: go run ./tools/cmd/release verify -update"
