package hostcgroups

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxStateFile = 1 << 20  // of one container
	maxStateList = 16 << 20 // of all of podman's
	indexAfter   = time.Second
)

// stamp changes when a file is replaced or written. The zero value is no file's.
type stamp struct {
	dev, ino uint64
	size     int64
	mtime    int64
}

var (
	errUnchanged = errors.New("unchanged")
	errNotState  = errors.New("not a regular file of a sensible size")
)

// readState reads a file of a runtime unless it still has the stamp old. A pipe
// does not block it, and a file of any size costs no more than limit.
func readState(path string, old stamp, limit int64) ([]byte, stamp, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, stamp{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, stamp{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, stamp{}, fmt.Errorf("%s: %w", path, errNotState)
	}
	now := stampOf(info)
	if now == old {
		return nil, old, errUnchanged
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: %w", path, errNotState)
	}
	return b, now, err
}

func stampOf(info os.FileInfo) stamp {
	s := stamp{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.dev, s.ino = uint64(st.Dev), st.Ino
	}
	return s
}

// podmanIndex is the list of containers that podman's storage keeps in one file.
type podmanIndex struct {
	next   time.Time
	stamps [2]stamp
	parts  [2]map[string]identity // by id, a map a file
}

func (x *podmanIndex) lookup(cfg Config, id string, now time.Time) (identity, bool) {
	if !now.Before(x.next) {
		x.next = now.Add(indexAfter)
		for i, file := range [...]string{
			"/var/lib/containers/storage/overlay-containers/containers.json",
			"/run/containers/storage/overlay-containers/volatile-containers.json",
		} {
			b, stamp, err := readState(cfg.under(file), x.stamps[i], maxStateList)
			if err != nil {
				continue // unchanged, or what was read last is the best there is
			}
			if known, err := parsePodman(b); err == nil {
				x.parts[i], x.stamps[i] = known, stamp
			}
		}
	}
	return x.find(id)
}

func (x *podmanIndex) find(id string) (identity, bool) {
	for _, known := range x.parts {
		if who, ok := known[id]; ok {
			return who, true
		}
	}
	return identity{}, false
}

// empty reports whether there is nothing that can be read, so that there is nothing to wait for.
func (x *podmanIndex) empty() bool { return x.parts[0] == nil && x.parts[1] == nil }

// libvirtIndex knows the whole names of libvirt's running machines by their number.
type libvirtIndex struct {
	next  time.Time
	stamp stamp
	names map[string]string
}

func (x *libvirtIndex) lookup(cfg Config, number string, now time.Time) (string, bool) {
	if !now.Before(x.next) {
		x.next = now.Add(indexAfter)
		x.refresh(cfg.under("/run/libvirt/qemu"), now)
	}
	return x.find(number)
}

func (x *libvirtIndex) find(number string) (name string, ok bool) {
	name, ok = x.names[number]
	return name, ok
}

// empty reports whether there is nothing that can be read, so that there is nothing to wait for.
func (x *libvirtIndex) empty() bool { return x.names == nil }

// refresh reads the status files if one was made or replaced since.
func (x *libvirtIndex) refresh(dir string, now time.Time) {
	info, err := os.Stat(dir)
	if err != nil || stampOf(info) == x.stamp {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	names := map[string]string{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".xml")
		if !ok || !isDomainName(name) {
			continue
		}
		b, _, err := readState(filepath.Join(dir, e.Name()), stamp{}, maxStateFile)
		if err != nil {
			continue
		}
		if number, err := parseDomain(b); err == nil {
			names[number] = name
		}
	}
	x.names = names
	// What changes within one tick of the file system's clock does not show in the time.
	if now.Sub(info.ModTime()) > time.Second {
		x.stamp = stampOf(info)
	}
}
