package posix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// place is a name in a run directory on its way to being served. Each method is one step of spec 02,
// "Listen", and can only follow the one before; leave undoes them, whichever there were.
type place struct {
	socket, temp, aside, lockPath string

	lock *lockFile
	fd   int         // listens once bind has returned; -1 if none, or given away
	own  os.FileInfo // what bind has put into the file system
}

func newPlace(c Config) (*place, error) {
	p := &place{fd: -1}
	for _, name := range []struct {
		path *string
		of   func(runDir, service string) (string, error)
	}{{&p.socket, SocketPath}, {&p.temp, TempPath}, {&p.aside, asidePath}, {&p.lockPath, LockPath}} {
		var err error
		if *name.path, err = name.of(c.RunDir, c.Service); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// take gets the lock, which decides between servers of ours, and has what is dead removed.
func (p *place) take(ctx context.Context) (err error) {
	p.lock, err = awaitLock(ctx, p.lockPath, p.socket)
	if err != nil {
		if _, there := os.Lstat(p.socket); passing(err) && there == nil {
			err = fmt.Errorf("%w, or not: it could not be found out: %w", link.ErrAddrInUse, err)
		}
		return err
	}
	if err := removeLeftover(p.aside); err != nil {
		return err
	}
	return vacate(ctx, p.socket, p.aside)
}

// bind makes the socket under its private name, complete: nobody can connect before it has its mode.
func (p *place) bind(mode os.FileMode) (err error) {
	if err := removeLeftover(p.temp); err != nil {
		return err
	}
	if p.fd, err = sys.Socket(); err != nil {
		return err
	}
	if err := sys.SetMode(p.fd, mode); err != nil {
		return err
	}
	if err := sys.Bind(p.fd, p.temp); err != nil {
		return err
	}
	if p.own, err = os.Lstat(p.temp); err != nil {
		return err
	}
	if p.own.Mode().Perm() != mode { // the umask took some, or the system cannot set it beforehand
		if err := os.Chmod(p.temp, mode); err != nil {
			return err
		}
	}
	return sys.Listen(p.fd, backlog)
}

// publish puts the socket in place, where nothing must be.
func (p *place) publish(ctx context.Context) error {
	for range maxVacate {
		err := sys.RenameNoReplace(p.temp, p.socket)
		if !errors.Is(err, syscall.EEXIST) {
			return err
		}
		if err := vacate(ctx, p.socket, p.aside); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: others keep putting theirs there", link.ErrAddrInUse)
}

// withdraw takes the socket away from the file system, if it is still ours. It does so while the socket still
// listens: whoever looks finds either a server or nothing, and has no reason to put something else there.
func (p *place) withdraw() error {
	if p.own == nil {
		return nil
	}
	for _, name := range []string{p.temp, p.socket} {
		there, err := os.Lstat(name)
		if err != nil || !os.SameFile(there, p.own) {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// leave undoes all steps. The lock goes last.
func (p *place) leave() error {
	err := p.withdraw()
	if p.fd >= 0 {
		sys.Close(p.fd)
	}
	return errors.Join(err, p.unlock())
}

func (p *place) unlock() error {
	if p.lock == nil {
		return nil
	}
	return p.lock.release()
}
