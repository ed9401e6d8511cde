// Coverage runs the tests of the codec's packages and fails when a statement was not run, unless its block says
// why that cannot be:
//
//	if err != nil {
//		return err // unreachable: dst was sized for it
//	}
//
// A reason that has become untrue, because a test does get there, is a failure too.
//
//	coverage [-root DIR]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const prefix = "github.com/plugin-ipc/netipc/"

func main() {
	root := flag.String("root", ".", "the checkout")
	flag.Parse()
	bad, err := run(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(2)
	}
	for _, b := range bad {
		fmt.Println(b)
	}
	if len(bad) > 0 {
		os.Exit(1)
	}
}

// run returns what is wrong.
func run(root string) (bad []string, err error) {
	packages, err := packagesOf(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "coverage")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	profile := filepath.Join(dir, "profile")
	cmd := exec.Command("go", append([]string{"test", "-count=1", "-coverprofile=" + profile}, packages...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=") // the workspace of root, whatever is set here
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	blocks, err := parse(string(text))
	if err != nil {
		return nil, err
	}
	return judge(blocks, func(file string) ([]byte, error) {
		return os.ReadFile(filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(file, prefix))))
	})
}

// packagesOf returns what has to be covered: the envelope, Level 1 without an operating system, the typed
// payloads, which are the packages with a layout, and what these are made of.
func packagesOf(root string) ([]string, error) {
	all := []string{"codec", "codec/wire", "codec/link"}
	for _, pattern := range []string{"codec/*/layout.go", "codec/internal/*/layout.go", "codec/internal/room/room.go", "codec/internal/bounds/bounds.go"} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			rel, err := filepath.Rel(root, filepath.Dir(name))
			if err != nil {
				return nil, err
			}
			all = append(all, filepath.ToSlash(rel))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) < 5 {
		return nil, errors.New("no codec below " + root)
	}
	for i, dir := range all {
		all[i] = "./" + path.Clean(dir)
	}
	return all, nil
}
