package v3peer

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/bench/internal/sys"
)

// Attaching waits for a region that is not ready: that long, and so often.
const (
	attachFor   = 5 * time.Second
	attachEvery = 5 * time.Millisecond
)

// region is the mapped file of a session.
type region struct {
	mem  []byte
	plan Plan
}

// create makes the file of a region, which must not be there, and the region in it.
func create(path string, p Plan) (_ *region, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := sys.Allocate(f.Fd(), p.Size()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	mem, err := sys.Map(f.Fd(), int(p.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	clear(mem)
	Format(mem, p, os.Getpid(), 1|rand.Uint32())
	return &region{mem, p}, nil
}

// attach maps the region of a server, and waits for it.
func attach(path string) (*region, error) {
	for until := time.Now().Add(attachFor); ; time.Sleep(attachEvery) {
		r, err := tryAttach(path)
		if !errors.Is(err, ErrNotReady) && !errors.Is(err, fs.ErrNotExist) || time.Now().After(until) {
			return r, err
		}
	}
}

func tryAttach(path string) (*region, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	header := make([]byte, HeaderSize)
	if _, err := f.ReadAt(header, 0); err != nil {
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrNotReady, path, info.Size())
	}
	p, err := ReadPlan(header, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	mem, err := sys.Map(f.Fd(), int(p.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &region{mem, p}, nil
}

// close unmaps it; no End of it may be used any more.
func (r *region) close() error { return sys.Unmap(r.mem) }
