package release

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FindRoot returns the root of the workspace that dir lies in: the nearest folder above with a go.work.
func FindRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.work")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no go.work in %s nor above it: run this in a checkout of the repository", dir)
		}
	}
}

// copyTree makes dst a git repository with a copy of the checkout at root: of what a commit holds, or without
// one of the files that are there and not ignored.
func copyTree(ctx context.Context, root, commit, dst string) error {
	var err error
	if commit != "" {
		err = copyCommit(ctx, root, commit, dst)
	} else {
		err = copyFiles(ctx, root, dst)
	}
	if err != nil {
		return err
	}
	// The template folder of this machine may hold hooks.
	if _, err := ownGit(ctx, dst, "init", "--quiet", "--template="); err != nil {
		return err
	}
	return commitAll(ctx, dst, "the tree as it is")
}

func copyFiles(ctx context.Context, root, dst string) error {
	list, err := git(ctx, root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return fmt.Errorf("list the files of %s: %w", root, err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(root, name), filepath.Join(dst, name)); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
	}
	return nil
}

// copyFile copies a file. One that has gone is none, and so is a folder, which is what git calls a repository
// within the repository.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	b, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return writeFile(to, b, info.Mode().Perm())
}

func copyCommit(ctx context.Context, root, commit, dst string) error {
	b, err := git(ctx, root, "archive", "--format=tar", commit)
	if err != nil {
		return err
	}
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("commit %s: %w", commit, err)
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeSymlink {
			continue
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("commit %s: %q is not below the root", commit, h.Name)
		}
		to := filepath.Join(dst, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeSymlink {
			err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.Symlink(h.Linkname, to))
		} else if b, err = io.ReadAll(r); err == nil {
			err = writeFile(to, b, h.FileInfo().Mode().Perm())
		}
		if err != nil {
			return fmt.Errorf("commit %s: %w", commit, err)
		}
	}
}

// writeFile writes a file and the folders above it.
func writeFile(name string, b []byte, perm fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, b, perm)
}

// readFile reads a file that need not be there.
func readFile(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}
