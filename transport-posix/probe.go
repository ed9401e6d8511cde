package posix

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// What connecting to a path can tell.
type finding uint8

const (
	absent  finding = iota // nothing is there
	dead                   // something is there that nobody serves
	serving                // a server is there
	foreign                // a live socket of another type
	unclear                // it could not be tried
)

// probed is what was found at a path.
type probed struct {
	finding
	peer link.Peer // of who serves
	err  error     // why it is unclear
}

func (p probed) alive() bool { return p.finding == serving || p.finding == foreign }

// probe connects to a path and hangs up. It does not wait.
func probe(path string) probed {
	fd, err := sys.Socket()
	if err != nil {
		return probed{finding: unclear, err: err}
	}
	defer sys.Close(fd)
	switch err := sys.Connect(fd, path); {
	case err == nil:
		pid, uid, gid, err := sys.Credentials(fd)
		return probed{finding: serving, peer: link.Peer{Known: err == nil, PID: pid, UID: uid, GID: gid}}
	case errors.Is(err, syscall.EAGAIN): // who has a full queue is alive
		return probed{finding: serving}
	case errors.Is(err, syscall.EPROTOTYPE):
		return probed{finding: foreign}
	case errors.Is(err, syscall.ENOENT):
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return probed{finding: absent}
		}
		return probed{finding: dead} // a symbolic link to nothing
	case passing(err), errors.Is(err, os.ErrPermission):
		return probed{finding: unclear, err: err}
	}
	return probed{finding: dead}
}

// passing reports whether an error is about what the system has left just now.
func passing(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// inUse puts into words why a path must be left alone; nil if it need not.
func (p probed) inUse() error {
	switch {
	case p.finding == serving && p.peer.Known:
		return fmt.Errorf("%w: pid %d, uid %d; stop it first, or use another run directory", link.ErrAddrInUse, p.peer.PID, p.peer.UID)
	case p.finding == serving:
		return fmt.Errorf("%w; stop it first, or use another run directory", link.ErrAddrInUse)
	case p.finding == foreign:
		return fmt.Errorf("%w: it is a socket of another type; use another run directory", link.ErrAddrInUse)
	case p.finding == unclear:
		return fmt.Errorf("%w, or not: it could not be found out: %w", link.ErrAddrInUse, p.err)
	}
	return nil
}
