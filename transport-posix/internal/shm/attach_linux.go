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

// patience is how long Attach waits for a region that is not ready, interval how often it looks (spec 03).
const (
	patience = 5 * time.Second
	interval = 5 * time.Millisecond
)

// Attach opens and maps the region that a server has made. As long as it is not ready yet (spec 03), it looks again,
// until 5 s have passed or ctx ends. It takes no lock. Errors: ErrCannotAttach, with ErrNotReady, ErrBadRegion, what the
// system says, or ctx's error inside.
func Attach(ctx context.Context, path string) (*Region, error) {
	return AttachWhile(ctx, path, patience, func() error { return nil })
}

// AttachWhile is Attach with another patience, that asks each time before it waits whether there is still reason to. An
// error ends it, and is inside its own.
func AttachWhile(ctx context.Context, path string, patience time.Duration, reason func() error) (*Region, error) {
	r, err := attachInTime(ctx, path, patience, reason)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrCannotAttach, path, err)
	}
	return r, nil
}

func attachInTime(ctx context.Context, path string, patience time.Duration, reason func() error) (*Region, error) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		r, err := attach(path)
		if err == nil || !waits(err) {
			return r, err
		}
		if over := reason(); over != nil {
			return nil, fmt.Errorf("%w; then: %w", err, over)
		}
		select {
		case <-again.C:
		case <-limit.C:
			return nil, fmt.Errorf("%w; that for %v", err, patience)
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
