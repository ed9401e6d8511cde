package shm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// How long Attach waits for a region that is not ready, and how often it looks. Tests make it shorter.
var (
	Patience = 5 * time.Second
	Interval = 5 * time.Millisecond
)

// ErrCannotAttach: the server speaks of a region that this process cannot use. What is wrong with it is wrapped.
var ErrCannotAttach = errors.New("cannot attach to the shared memory")

// Attach opens and maps the region that a server has made. As long as it is not ready yet (spec 03), it looks again,
// until Patience or ctx ends. It takes no lock. Errors: ErrCannotAttach, with ErrNotReady, ErrBadRegion, what the
// system says, or ctx's error inside.
func Attach(ctx context.Context, path string) (*Region, error) {
	r, err := attachInTime(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrCannotAttach, path, err)
	}
	return r, nil
}

func attachInTime(ctx context.Context, path string) (*Region, error) {
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	again := time.NewTicker(Interval)
	defer again.Stop()
	for {
		r, err := attach(path)
		if err == nil || !waits(err) {
			return r, err
		}
		select {
		case <-again.C:
		case <-patience.C:
			return nil, fmt.Errorf("%w; that for %v", err, Patience)
		case <-ctx.Done():
			return nil, fmt.Errorf("%w; then: %w", err, ctx.Err())
		}
	}
}

// waits reports whether an error may pass.
func waits(err error) bool { return errors.Is(err, ErrNotReady) || errors.Is(err, fs.ErrNotExist) }

// attach makes one attempt.
func attach(path string) (*Region, error) {
	f, err := sys.OpenThere(path, true)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping needs no descriptor
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: not a regular file: %v", ErrBadRegion, info.Mode().Type())
	}
	r := &Region{path: path}
	if r.uid, err = sys.OwnerOf(f); err != nil {
		return nil, err
	}
	var head [HeaderSize]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if r.head, err = DecodeHeader(head[:n], uint64(info.Size())); err != nil {
		return nil, err
	}
	r.mem, err = sys.Map(f, int(r.head.Size()))
	if errors.Is(err, syscall.ENODEV) { // a file system without mappings
		err = fmt.Errorf("%w: %w", ErrBadRegion, err)
	}
	return r, err
}
