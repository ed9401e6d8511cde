package shm

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// Inspect says what stands at the path of a region (spec 03, "Stale regions"). It changes nothing, follows no
// symbolic link and waits for nothing.
//
// What this process may not open, it keeps, as what it cannot open for want of descriptors: the file of another user
// can be a live server's.
func Inspect(path string) Found {
	there, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Found{State: Absent}
	case err != nil:
		return Found{State: Unknown, Err: err}
	case !there.Mode().IsRegular():
		return Found{State: Junk, Err: fmt.Errorf("not a regular file: %v", there.Mode().Type()), File: there}
	}
	f, err := sys.OpenThere(path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Found{State: Absent}
	case keeps(err):
		return Found{State: Unknown, Err: err}
	case err != nil:
		return Found{State: Junk, Err: err, File: there}
	}
	defer f.Close()
	return inspect(f)
}

// keeps reports whether an error of opening a file says nothing about who has it.
func keeps(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, fs.ErrPermission} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// inspect judges an open file.
func inspect(f *os.File) Found {
	info, err := f.Stat()
	if err != nil {
		return Found{State: Unknown, Err: err}
	}
	found := Found{File: info, Size: uint64(info.Size())}
	if found.UID, err = sys.OwnerOf(f); err != nil {
		found.State, found.Err = Unknown, err
		return found
	}
	if !info.Mode().IsRegular() {
		found.State, found.Err = Junk, fmt.Errorf("not a regular file: %v", info.Mode().Type())
		return found
	}
	found.Lock = tryLock(f)
	var head [HeaderSize]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		found.State, found.Err = Unknown, err
		return found
	}
	if found.Header, err = peek(head[:n]); err != nil {
		found.State, found.Err = Junk, err
		if found.Lock == LockHeld { // its server is at it
			found.State = Live
		}
		return found
	}
	found.State = judge(found.Header, found.Lock, os.Getpid(), sys.Alive)
	return found
}

// tryLock takes the lock for a moment, shared with others who look.
func tryLock(f *os.File) Lock {
	switch err := sys.Lock(f, true); {
	case err == nil:
		return LockFree
	case errors.Is(err, syscall.EWOULDBLOCK):
		return LockHeld
	}
	return LockUntried
}

// Remove removes what Inspect found at path, if it is still that.
func (f Found) Remove(path string) error {
	if f.File == nil {
		return nil
	}
	return removeSame(path, f.File)
}
