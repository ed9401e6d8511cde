package hostcgroups

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openDir opens a directory below the directory at, and nothing but a directory.
func openDir(at int, path string) (int, error) {
	for {
		fd, err := unix.Openat(at, path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// stat is about path below the directory at, not about what a symbolic link points to.
func stat(at int, path string) (st unix.Stat_t, err error) {
	for {
		err = unix.Fstatat(at, path, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err != unix.EINTR {
			return st, err
		}
	}
}

// direntName is where the name begins in struct linux_dirent64: ino u64, off u64, reclen u16, type u8.
const direntName = 19

// eachDir calls add with the name of every subdirectory of the open directory
// fd, in no order, perhaps twice while the directory changes. Names are borrowed until add returns. What the file system does not
// know to be a directory or not is taken for one. os.ReadDir would do, but makes a value of each of
// the sixty files that stand beside the subdirectories.
func eachDir(fd int, buf []byte, add func(name []byte)) error {
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		for rest := buf[:n]; len(rest) > direntName; {
			size := int(binary.NativeEndian.Uint16(rest[16:]))
			if size <= direntName || size > len(rest) {
				return unix.EIO
			}
			kind, name := rest[18], rest[direntName:size]
			rest = rest[size:]
			if kind != unix.DT_DIR && kind != unix.DT_UNKNOWN {
				continue
			}
			if end := bytes.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			if len(name) == 0 || string(name) == "." || string(name) == ".." {
				continue
			}
			add(name)
		}
	}
}

// isGone is what the file system says about a cgroup that is no more, or never was one.
func isGone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

func isDenied(err error) bool { return errors.Is(err, os.ErrPermission) }

func isTooLong(err error) bool { return errors.Is(err, unix.ENAMETOOLONG) }
