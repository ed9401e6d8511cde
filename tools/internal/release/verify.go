package release

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// Options of Verify.
type Options struct {
	Root   string    // of the checkout
	Commit string    // what to try; "" is the files as they are, without ignored ones
	Short  bool      // the modules' tests run with -short, and are vetted for this operating system only
	Update bool      // write to the checkout what lists, go.mod and go.sum files should be
	Keep   bool      // leave what was made, for a look
	Out    io.Writer // for a line a check

	modules []Entry // "" is Modules
	cache   string  // a proxy on the file system for third-party modules; "" is the user's module cache
}

// verification is one run of Verify.
type verification struct {
	Options
	report
	w     *workspace // a copy
	g     *goCommand
	dir   string // all that is made lies below
	proxy string
}

// Verify tries all released modules. It returns how many checks passed and failed; an error says why there could
// be none, or no more of them. It runs git and go commands, and takes minutes.
func Verify(ctx context.Context, o Options) (_ Counts, err error) {
	if o.Update && o.Commit != "" {
		return Counts{}, errors.New("what to update a commit with cannot be written into it: either -update or -commit")
	}
	if o.modules == nil {
		o.modules = Modules
	}
	dir, err := os.MkdirTemp("", "netipc-release-")
	if err != nil {
		return Counts{}, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // zip compares it with what git says
		return Counts{}, err
	}
	v := &verification{Options: o, report: report{out: o.Out}, dir: dir, proxy: filepath.Join(dir, "proxy")}
	if o.Keep {
		fmt.Fprintf(o.Out, "copy, proxy and strangers: %s\n", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if err := v.prepare(ctx); err != nil {
		return v.Counts, err
	}
	for _, m := range v.w.modules {
		if ctx.Err() == nil {
			v.make(ctx, m)
		}
	}
	for _, m := range v.w.modules {
		if m.Released && ctx.Err() == nil {
			v.try(ctx, m)
		}
	}
	return v.Counts, ctx.Err()
}

// prepare copies the tree and gets all that is not of this repository.
func (v *verification) prepare(ctx context.Context) error {
	copied := filepath.Join(v.dir, "copy")
	scratch := filepath.Join(v.dir, "scratch")
	for _, dir := range []string{copied, scratch, v.proxy} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			return err
		}
	}
	err := copyTree(ctx, v.Root, v.Commit, copied)
	if err != nil {
		return err
	}
	if v.w, err = loadWorkspace(copied, v.modules); err != nil {
		return err
	}
	user, err := userSettings(ctx, v.Root)
	if err != nil {
		return err
	}
	if v.cache == "" {
		v.cache = filepath.Join(user.GOMODCACHE, "cache", "download")
		if err := v.w.fetch(ctx, v.cache, scratch, user.GOPROXY); err != nil {
			return err
		}
	}
	v.g, err = strangersGo(user, v.dir, v.proxy, v.cache)
	return err
}

// make judges the files of a module, and packs it if it is released.
func (v *verification) make(ctx context.Context, m *member) {
	v.check(m.Dir+": LICENSE, go.mod and go.sum are fit for a release", func() (string, error) {
		return "", v.w.rules(m)
	})
	for _, s := range v.w.siblings(m) {
		if s.missing != "" || !s.Released {
			m.missing = "it requires " + s.Dir + ", which could not be packed"
			v.check(m.Dir+": packed", func() (string, error) { return "", errors.New(m.missing) })
			return
		}
	}
	var made bool
	v.check(m.Dir+": go.mod and go.sum are tidy", func() (string, error) {
		t, err := v.w.tidy(ctx, v.g, m)
		if made = err == nil; err != nil {
			return "", err
		}
		if v.Update {
			return v.updateMod(m, t)
		}
		return "", t.compare(v.w, m)
	})
	if !made {
		m.missing = "its go.mod could not be made tidy"
	}
	if !made || !m.Released {
		return
	}
	if !v.check(m.Dir+": packed", func() (string, error) {
		if err := commitAll(ctx, v.w.dir, m.Dir+" "+Version); err != nil {
			return "", err
		}
		return "", pack(v.w.dir, m.Dir, m.version(), v.proxy)
	}) {
		m.missing = "it could not be packed"
	}
}

func (m *member) version() module.Version { return module.Version{Path: m.path, Version: Version} }

// try uses a packed module as a stranger does, and tests it as it is.
func (v *verification) try(ctx context.Context, m *member) {
	if m.missing != "" {
		v.check(m.Dir+": tried", func() (string, error) { return "", errors.New(m.missing) })
		return
	}
	var s *stranger
	name := m.Dir + ": a stranger's program runs"
	if len(m.Commands) > 0 {
		name = m.Dir + ": go install, and the commands run"
	}
	if v.check(name, func() (note string, err error) {
		if s, err = newStranger(ctx, v.w, v.g, m, filepath.Join(v.dir, "strangers", m.Dir)); err != nil {
			return "", err
		}
		return s.use(ctx)
	}) || s != nil {
		v.check(m.Dir+": brings what it should", func() (string, error) { return v.brings(ctx, s) })
	}

	alone := filepath.Join(v.dir, "alone", m.Dir)
	if !v.check(m.Dir+": vetted alone", func() (string, error) {
		if err := unpack(v.proxy, m.version(), alone); err != nil {
			return "", err
		}
		return "", vet(ctx, v.g, alone, !v.Short)
	}) {
		return
	}
	var skips []string
	v.check(m.Dir+": tested alone", func() (note string, err error) {
		note, skips, err = test(ctx, v.g, alone, v.Short)
		return note, err
	})
	for _, skip := range skips {
		fmt.Fprintf(v.Out, "skip  %s: %s\n", m.Dir, skip)
	}
}

// brings compares what came along with the list, or writes that.
func (v *verification) brings(ctx context.Context, s *stranger) (note string, err error) {
	is, err := s.brings(ctx)
	if err != nil {
		return "", err
	}
	list := path.Join(strangers, s.m.Dir, "modules.txt")
	ought, err := readFile(filepath.Join(v.w.dir, filepath.FromSlash(list)))
	if err != nil {
		return "", err
	}
	if v.Update {
		return v.update(list, ought, is)
	}
	return fmt.Sprintf("%d modules", strings.Count(string(is), "\n")-strings.Count(broughtHead, "\n")), compareBrought(list, is, ought)
}

func (v *verification) updateMod(m *member, t tidied) (note string, err error) {
	note, err = v.update(path.Join(m.Dir, "go.mod"), m.gomod, t.gomod)
	sums, err2 := v.update(path.Join(m.Dir, "go.sum"), m.gosum, t.gosum)
	return cmp.Or(note, sums), errors.Join(err, err2)
}

// update replaces a file of the checkout, unless somebody else has in the meantime. note says if it did.
func (v *verification) update(name string, was, ought []byte) (note string, err error) {
	name = filepath.Join(v.Root, filepath.FromSlash(name))
	now, err := readFile(name)
	switch {
	case err != nil || bytes.Equal(was, ought):
		return "", err
	case !bytes.Equal(now, was):
		return "", fmt.Errorf("%s has changed while it was looked at: run this again", name)
	}
	return "updated", writeFile(name, ought, 0o666)
}
