package posix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

const (
	// settling is the age up to which a socket that nobody serves may yet be: whoever has bound it in place
	// must still say listen. Servers of ours never show such a one, deployed ones do.
	settling = 250 * time.Millisecond
	// maxVacate bounds how often others may come between.
	maxVacate = 16
)

// vacate sees to it that nothing stands at path: what is dead is removed, silently (spec 02, "Listen"). Our
// lock is held, so that only servers which know of no lock can come between. Error: link.ErrAddrInUse.
func vacate(ctx context.Context, path, aside string) error {
	for range maxVacate {
		there, found, err := settled(ctx, path)
		switch {
		case err != nil:
			return err
		case found.inUse() != nil:
			return found.inUse()
		case found.finding == absent:
			return nil
		case there.IsDir():
			return fmt.Errorf("%w: remove it, or use another run directory", syscall.EISDIR)
		}
		if removed, err := remove(path, aside, there); removed || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: others keep putting theirs there", link.ErrAddrInUse)
}

// settled looks at what stands at path. What seems dead and is new is looked at again, until it is not new.
func settled(ctx context.Context, path string) (there os.FileInfo, found probed, err error) {
	limit := link.Within(settling) // the clock of the file system may be another
	for {
		there, err = os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, probed{finding: absent}, nil
		}
		found = probe(path)
		if err != nil || found.finding != dead {
			return there, found, err
		}
		if age := time.Since(there.ModTime()); age < 0 || age >= settling {
			return there, found, nil
		}
		switch err := pause(ctx, 5*time.Millisecond, &limit); {
		case errors.Is(err, link.ErrTimeout):
			return there, found, nil
		case err != nil:
			return nil, found, err
		}
	}
}

// remove removes what was found dead at path, if it is still there. Unlinking by name could hit what somebody
// has put there since; so it is moved aside first, looked at, and put back if it is not the same.
func remove(path, aside string, dead os.FileInfo) (removed bool, err error) {
	if err := removeLeftover(aside); err != nil {
		return false, err
	}
	if err := os.Rename(path, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	moved, err := os.Lstat(aside)
	if err != nil {
		return false, err
	}
	if os.SameFile(moved, dead) && moved.ModTime().Equal(dead.ModTime()) {
		return true, os.Remove(aside)
	}
	if err := sys.RenameNoReplace(aside, path); !errors.Is(err, syscall.EEXIST) {
		return false, err
	}
	return false, nil
}

// removeLeftover removes what a killed server has left under one of its private names. Nobody alive should
// have it; who does all the same keeps it.
func removeLeftover(path string) error {
	found := probe(path)
	if err := found.inUse(); err != nil {
		return fmt.Errorf("at %s: %w", path, err)
	}
	if found.finding == absent {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
