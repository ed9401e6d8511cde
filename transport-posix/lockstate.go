package posix

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// LockState says what trying a lock file found.
type LockState string

// The states of a lock file.
const (
	LockAbsent  LockState = "absent"  // there is none, or one of somebody else's making
	LockFree    LockState = "free"    // its owner is dead
	LockHeld    LockState = "held"    // its owner lives
	LockUnclear LockState = "unclear" // this process may not open it, or could not try
)

// lockState tries a lock file, and reads who has signed it.
func lockState(path string) (s LockState, pid int) {
	if there, err := os.Lstat(path); err != nil || !there.Mode().IsRegular() {
		return LockAbsent, 0
	}
	f, err := sys.OpenLock(path, false)
	if err != nil {
		return LockUnclear, 0
	}
	defer f.Close()
	pid, ours := signature(f)
	if !ours {
		return LockAbsent, 0
	}
	switch err := sys.Lock(f, true); { // shared, and given back at once: who starts waits for that
	case err == nil:
		return LockFree, pid
	case errors.Is(err, syscall.EWOULDBLOCK):
		return LockHeld, pid
	}
	return LockUnclear, pid
}

// signature reads who has signed a lock file.
func signature(f io.Reader) (pid int, ours bool) {
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, false
	}
	_, err = fmt.Sscanf(string(text), lockText, &pid)
	return pid, err == nil
}
