package local

import (
	"errors"
	"fmt"
	"os"
)

// RunDirVariable is the environment variable that says where services are.
const RunDirVariable = "NETIPC_RUN_DIR"

// ErrNoRunDir: nothing says where services are.
var ErrNoRunDir = errors.New("no run directory")

// DefaultRunDir returns the directory in which services stand unless a program is told otherwise: what
// NETIPC_RUN_DIR says; else /run/netipc for root, and netipc in XDG_RUNTIME_DIR for others. It is returned as
// it is written there, and need not exist. On systems without these directories NETIPC_RUN_DIR is needed. Error:
// ErrNoRunDir.
func DefaultRunDir() (string, error) { return runDir(os.Getenv, os.Geteuid(), hasRunDirs) }

// runDir is DefaultRunDir without the system.
func runDir(getenv func(string) string, euid int, conventional bool) (string, error) {
	if dir := getenv(RunDirVariable); dir != "" {
		return dir, nil
	}
	if !conventional {
		return "", fmt.Errorf("%w: set %s", ErrNoRunDir, RunDirVariable)
	}
	if euid == 0 {
		return "/run/netipc", nil
	}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir + "/netipc", nil
	}
	return "", fmt.Errorf("%w: uid %d has no XDG_RUNTIME_DIR; set %s", ErrNoRunDir, euid, RunDirVariable)
}
