package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Modes of a directory that Make makes.
const (
	// Closed is for sockets that only their owner and root may use, which is the default: nobody else has any
	// business in there, and need not learn what runs.
	Closed os.FileMode = 0o700
	// Open is for sockets that others may use: they have to get through the directory to them. Only the
	// owner may put anything there.
	Open os.FileMode = 0o755
)

// Make makes a run directory, and those above it, if it is not there. One that is there is left as it is.
func Make(dir string, mode os.FileMode) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("the run directory %s is not a directory: give another one with --run-dir", dir)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the run directory: %w", err)
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return fmt.Errorf("make the run directory: %w; give another one with --run-dir", err)
	}
	if err := os.Chmod(dir, mode); err != nil { // whatever the umask says
		return fmt.Errorf("make the run directory: %w", err)
	}
	return nil
}
