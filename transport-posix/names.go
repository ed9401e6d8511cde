package posix

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/plugin-ipc/netipc/codec/link"
)

// What can be wrong with a path, beside link.ErrBadServiceName.
var (
	// ErrBadRunDir: the run directory cannot be one. It is empty, or has a NUL byte in it.
	ErrBadRunDir = errors.New("bad run directory")
	// ErrPathTooLong: the path is longer than the system takes.
	ErrPathTooLong = errors.New("path too long")
)

// maxSHMPath is the longest path of a region, in bytes, that deployed peers use.
const maxSHMPath = 255

// The endings of what stands in a run directory. None is longer than that of the socket, so that whatever
// is bound fits where the socket fits.
const (
	socketEnding = ".sock"
	lockEnding   = ".lock"
	tempEnding   = ".tmp"
	asideEnding  = ".old"
	shmEnding    = ".ipcshm"
)

// SocketPath returns the path of the socket on which service is offered: runDir, a slash, service, ".sock".
// runDir is taken verbatim; both peers have to mean the same directory, in whatever spelling. It fits what
// the system takes as the address of a socket: 107 bytes on Linux, 103 on the BSDs and macOS. Errors:
// link.ErrBadServiceName, ErrBadRunDir, ErrPathTooLong.
func SocketPath(runDir, service string) (string, error) {
	return path(runDir, service, socketEnding, maxSocketPath(runtime.GOOS))
}

// TempPath returns the name under which a socket is prepared. It fits whenever SocketPath fits. Errors as
// SocketPath's.
func TempPath(runDir, service string) (string, error) {
	return path(runDir, service, tempEnding, maxSocketPath(runtime.GOOS))
}

// LockPath returns the path of the file whose lock says that a server lives. Errors: link.ErrBadServiceName,
// ErrBadRunDir.
func LockPath(runDir, service string) (string, error) {
	return path(runDir, service, lockEnding, 0)
}

// asidePath returns the name that a dead predecessor's socket gets while it is taken away.
func asidePath(runDir, service string) (string, error) {
	return path(runDir, service, asideEnding, 0)
}

// SHMPath returns the path of the shared memory of one session: runDir, a slash, service, a dash, the session
// id in 16 hex digits, ".ipcshm". It is at most 255 bytes long. Errors as SocketPath's.
func SHMPath(runDir, service string, sessionID uint64) (string, error) {
	return path(runDir, service, fmt.Sprintf("-%016x%s", sessionID, shmEnding), maxSHMPath)
}

// path puts a path together and refuses it before anybody makes a system call with it. No limit: 0.
func path(runDir, service, ending string, limit int) (string, error) {
	if err := link.CheckServiceName(service); err != nil {
		return "", err
	}
	switch {
	case runDir == "":
		return "", fmt.Errorf("%w: it is empty; name the current directory as \".\"", ErrBadRunDir)
	case strings.IndexByte(runDir, 0) >= 0:
		return "", fmt.Errorf("%w %q: it has a NUL byte", ErrBadRunDir, runDir)
	}
	p := runDir + "/" + service + ending
	if limit > 0 && len(p) > limit {
		return "", fmt.Errorf("%w: %d bytes, at most %d: %s; use a shorter run directory or service name", ErrPathTooLong, len(p), limit, p)
	}
	return p, nil
}

// maxSocketPath returns how long the path of a socket may be, in bytes: sun_path without its NUL.
func maxSocketPath(goos string) int {
	switch goos {
	case "darwin", "ios", "freebsd", "netbsd", "openbsd", "dragonfly":
		return 103
	}
	return 107
}
