package posix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// lockText is what stands in a lock file, with the pid of the server that has, or had, the lock. It tells our
// files from those of somebody who likes the same ending.
const lockText = "netipc server, pid %d\n"

// lockPatience is how long a lock is waited for that somebody holds without serving: a server that starts or
// ends, a Clean, or a process that the holder has forked and that is about to exec.
const lockPatience = 250 * time.Millisecond

// errLocked: somebody else has the lock.
var errLocked = errors.New("another process has the lock file")

// lockFile is a lock that we hold. It ends with release or with the process.
//
// The file is removed by whoever holds the lock, at last. So it may be gone, or be another one, by the time
// somebody who had opened it gets its lock: then that lock is worth nothing, and the way starts again.
type lockFile struct {
	file *os.File
	path string
}

// takeLock makes the lock file if need be and locks it, without waiting. errLocked: somebody else has it.
func takeLock(path string) (*lockFile, error) {
	for {
		f, err := sys.OpenLock(path, true)
		if err != nil {
			return nil, err
		}
		l := &lockFile{file: f, path: path}
		if err := sys.Lock(f, false); err != nil {
			f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, errLocked
			}
			return nil, err
		}
		if l.current() {
			l.sign()
			return l, nil
		}
		f.Close()
	}
}

// awaitLock is takeLock with patience, as long as nobody serves at the socket.
func awaitLock(ctx context.Context, lock, socket string) (*lockFile, error) {
	limit := link.Within(lockPatience)
	for {
		l, err := takeLock(lock)
		if !errors.Is(err, errLocked) {
			return l, err
		}
		if found := probe(socket); found.alive() {
			return nil, found.inUse()
		}
		switch err := pause(ctx, 5*time.Millisecond, &limit); {
		case errors.Is(err, link.ErrTimeout):
			return nil, fmt.Errorf("%w: %w: %s, whose owner does not serve (yet, or any more)", link.ErrAddrInUse, errLocked, lock)
		case err != nil:
			return nil, err
		}
	}
}

// current reports whether the file that is locked is the one that others find.
func (l *lockFile) current() bool {
	ours, err := l.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(l.path)
	return err == nil && os.SameFile(ours, there)
}

// sign writes who has the lock into the file, for people, Inspect and Clean. A full disk keeps nobody from
// serving.
func (l *lockFile) sign() {
	text := fmt.Appendf(nil, lockText, os.Getpid())
	if _, err := l.file.WriteAt(text, 0); err == nil {
		_ = l.file.Truncate(int64(len(text)))
	}
}

// release removes the file and gives the lock back.
func (l *lockFile) release() error {
	var err error
	if l.current() {
		err = os.Remove(l.path)
	}
	return errors.Join(err, l.file.Close())
}
