package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// unpack makes dir what a module's zip file holds.
func unpack(proxy string, v module.Version, dir string) error {
	name, err := proxyFile(proxy, v, ".zip")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	return zip.Unzip(dir, v, name)
}

// vet vets an unpacked module for this operating system, and if thorough for all.
func vet(ctx context.Context, g *goCommand, dir string, thorough bool) error {
	systems := []string{""}
	if thorough {
		systems = []string{"linux", "windows", "darwin", "freebsd"}
	}
	var errs []error
	for _, system := range systems {
		_, err := g.with("GOOS="+system).run(ctx, dir, "vet", "./...")
		if err != nil && system != "" {
			err = fmt.Errorf("GOOS=%s: %w", system, err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// test runs the tests of an unpacked module. skips are sentences about those that did not run.
func test(ctx context.Context, g *goCommand, dir string, short bool) (note string, skips []string, err error) {
	args := []string{"test", "-json", "-count=1"}
	if short {
		args = append(args, "-short")
	}
	out, err := g.run(ctx, dir, append(args, "./...")...)
	r := readEvents(strings.NewReader(out))
	switch {
	case err != nil:
		err = fmt.Errorf("%w%s", err, r.failures)
	case r.passed == 0:
		err = errors.New("no test passed: are they in the zip file?")
	}
	for _, reason := range slices.Sorted(maps.Keys(r.skipped)) {
		skips = append(skips, fmt.Sprintf("%d of the tests: %s", r.skipped[reason], reason))
	}
	return fmt.Sprintf("%d passed", r.passed), skips, err
}
