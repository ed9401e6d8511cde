package shm

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

const (
	// maxCreate bounds how often others may come between.
	maxCreate = 16
	// lockTries and lockPause bound how long somebody may have the lock of a file that is new: who looks at it has
	// it for a moment.
	lockTries = 200
	lockPause = time.Millisecond
)

// generation tells this process from others that have had, or will have, its pid.
var generation = sync.OnceValue(func() uint32 { return rand.Uint32N(1<<32-1) + 1 })

// Create makes the region of one session and maps it: a new file, locked until Close, every byte reserved, all of
// it zero but the header. What a dead server has left there is removed first. Errors: link.ErrAddrInUse, where the
// name is taken by something that lives or cannot be removed; what the system says, where there is no space, or
// the file system cannot reserve it. After an error nothing is left.
func Create(path string, g Geometry) (*Region, error) {
	r, err := create(path, g)
	if err != nil {
		return nil, fmt.Errorf("shared memory %s: %w", path, err)
	}
	return r, nil
}

func create(path string, g Geometry) (*Region, error) {
	for range maxCreate {
		if err := vacate(path); err != nil {
			return nil, err
		}
		f, err := sys.CreateNew(path)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := furnish(f, path, g)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Lstat(path); err == nil && os.SameFile(there, r.own) {
			return r, nil
		}
		if err := r.Close(); err != nil { // somebody took it for rubbish while it was
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: others keep putting theirs there", link.ErrAddrInUse)
}

// vacate removes what is dead at path. Error: link.ErrAddrInUse.
func vacate(path string) error {
	found := Inspect(path)
	switch {
	case found.State == Absent:
		return nil
	case found.State == Live:
		return fmt.Errorf("%w: pid %d", link.ErrAddrInUse, found.OwnerPID)
	case found.State == Unknown:
		return fmt.Errorf("%w, or not: it could not be found out: %w", link.ErrAddrInUse, found.Err)
	}
	if err := found.Remove(path); err != nil {
		return fmt.Errorf("%w: what is there cannot be removed: %w", link.ErrAddrInUse, err)
	}
	return nil
}

// furnish makes a region of a new file. After an error the file is gone, but open.
func furnish(f *os.File, path string, g Geometry) (*Region, error) {
	own, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	r := &Region{path: path, own: own, file: f}
	r.head = Header{OwnerPID: int32(os.Getpid()), OwnerGeneration: generation(), Geometry: g}
	if err = r.fill(g.Size()); err != nil {
		return nil, errors.Join(err, r.Remove())
	}
	return r, nil
}

// fill goes through the steps of spec 03. Reserved bytes read as zero, so nothing is zeroed a second time. The magic
// is written with the rest: the client is told of the region only afterwards.
func (r *Region) fill(size uint64) (err error) {
	if err := lockNew(r.file); err != nil {
		return err
	}
	if r.uid, err = sys.OwnerOf(r.file); err != nil {
		return err
	}
	if err := sys.Reserve(r.file, int64(size)); err != nil {
		return err
	}
	var head [HeaderSize]byte
	r.head.put(head[:])
	if _, err := r.file.WriteAt(head[:], 0); err != nil { // not through the mapping: it cannot fault
		return err
	}
	r.mem, err = sys.Map(r.file, int(size))
	return err
}

// lockNew takes the lock of a file that this process has made.
func lockNew(f *os.File) (err error) {
	for range lockTries {
		if err = sys.Lock(f, false); !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(lockPause)
	}
	return err
}
